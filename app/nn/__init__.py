"""PyTorch modules of our own, one file each. The catalogue's parts build them.

Their source goes into exported code as it stands: a module imports torch and others of this folder
only, and keeps the arguments of its constructor under their names.
"""
