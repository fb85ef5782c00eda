"""One file per picture format: judges it by what it declares, then decodes it in bounded time and memory."""
