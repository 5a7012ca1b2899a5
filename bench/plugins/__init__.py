"""Methods and datasets: found, read, loaded, and told apart by their code. Nothing here imports torch by itself."""

from bench.plugins.digests import digest, numerics
from bench.plugins.discovery import Kind, modules
from bench.plugins.loading import load
from bench.plugins.source_text import Source, methods, references, source, sources

__all__ = ["Kind", "Source", "digest", "load", "methods", "modules", "numerics", "references", "source", "sources"]
