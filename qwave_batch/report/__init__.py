"""A page to look at the images of run folders: its data, thumbnails and figures, and the files of the page itself."""
