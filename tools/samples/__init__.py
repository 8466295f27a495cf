"""The sample SavedModels: one module each, with one function ``build(folder)``."""
