"""One file per image format: judges it by what it declares, then decodes it in bounded time and memory."""
