"""Everything that a run imports, at once: for a process from which runs are forked."""

from importlib import import_module

# What a run imports only when it comes to it, beside its stages. Not mlflow.pytorch, which sets up all logging.
LATE = (
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.rest_store", "prefect.flow_engine", "prefect.task_engine", "alembic.command", "umap",
    "latent_audit.flows.audit_flow", "latent_audit.tasks.services.prefect_server",
    "latent_audit.tasks.settings.redaction",
)  # fmt: skip


def import_all() -> None:
    """To be called after latent_audit.tasks.execution.process_setup has prepared the process; starts no thread."""
    for name in LATE:
        import_module(name)
    from latent_audit.tasks.execution.stage import Stage
    from latent_audit.tasks.stages import registry

    for stage in vars(registry).values():
        if isinstance(stage, Stage):
            import_module(stage.module)
