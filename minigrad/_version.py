__version__ = '8.0.0.dev0'
