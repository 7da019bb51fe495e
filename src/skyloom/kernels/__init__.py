"""C kernels and their ctypes bindings."""
