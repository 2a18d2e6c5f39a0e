"""Jobs done together in one process, and the stamps that tell which of them are done."""
