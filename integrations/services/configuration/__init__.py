"""Configuration as a YAML file: connections, steps and their rows, without secrets."""

from __future__ import annotations

from .exporting import export_configuration
from .importing import Difference, import_configuration
from .problems import ConfigurationRefused, Problem

__all__ = ["ConfigurationRefused", "Difference", "Problem", "export_configuration", "import_configuration"]
