"""Models as other libraries save them: folders of Diffusers and pythae, checkpoints of Lightning.

Classes of the library are built from a configuration that is read here, by a fixed list of names; weights are read as
tensors alone. No function of a library that opens files is called. Start with library_folder.py.
"""
