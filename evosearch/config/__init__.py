"""What a run is told to do: one frozen, validated tree, read from YAML.

Reading order: `tree` and the files of its sections (every key with its default, unit
and range), `study` and `funnel` (the same for their files), `yaml_text` (YAML that
keeps the line of each key), `load` (file and overrides to tree), `sentences` (what
pydantic found, as sentences).
"""

from evosearch.config.fitness import FitnessConfig
from evosearch.config.funnel import FunnelConfig, StageConfig
from evosearch.config.load import (
    dump_config,
    load_config,
    load_funnel,
    load_study,
    parse_task,
)
from evosearch.config.meta_validation import MetaValidationConfig
from evosearch.config.search import SearchConfig
from evosearch.config.simplify import SimplifyConfig
from evosearch.config.study import ArmConfig, StudyConfig
from evosearch.config.task import TaskConfig
from evosearch.config.tree import (
    BudgetConfig,
    Config,
    FinalConfig,
    HurdlesConfig,
    TrainingConfig,
    WorkersConfig,
)

__all__ = [
    "ArmConfig",
    "BudgetConfig",
    "Config",
    "FinalConfig",
    "FitnessConfig",
    "FunnelConfig",
    "HurdlesConfig",
    "MetaValidationConfig",
    "SearchConfig",
    "SimplifyConfig",
    "StageConfig",
    "StudyConfig",
    "TaskConfig",
    "TrainingConfig",
    "WorkersConfig",
    "dump_config",
    "load_config",
    "load_funnel",
    "load_study",
    "parse_task",
]
