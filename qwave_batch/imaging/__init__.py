"""Whether bytes are a whole image, and of what format and size: judged in bounded time and memory."""
