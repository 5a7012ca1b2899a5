"""Trained models as files: weights as safetensors, the rest as JSON; nothing is unpickled."""
