"""`AzureChatOpenAI(...)`: the deployment is the model, the rest a connection."""

from __future__ import annotations

import libcst as cst

from langchain_unified.migrate.arguments import Arguments, Setting
from langchain_unified.migrate.expressions import is_name, prefixed
from langchain_unified.migrate.facts import connection_settings, facts
from langchain_unified.migrate.rules import common
from langchain_unified.migrate.rules.openai import old_temperature, unpack_model_kwargs
from langchain_unified.migrate.rules.outcome import RefusedError
from langchain_unified.migrate.types import Options

PROVIDER = "azure_openai"


def rewrite(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments; return what could not be checked."""
    del options
    table = facts()["azure"]
    common.refuse_unseen(args)
    common.refuse(args, table["refused"])
    _drop(args, table["dropped"])
    notes = common.unseen(args)
    deployment, model = _names(args)
    items = common.take_settings(args, connection_settings(PROVIDER))
    if model is not None:
        items.append(_mapping(deployment, model))
    common.check_keywords(args)
    anchor = common.model_argument(args)
    connection = [args.nested(PROVIDER, items)] if items else []
    args.add_after(anchor, [common.enabling(PROVIDER), *connection])
    return notes + unpack_model_kwargs(args)


def rewrite_old(args: Arguments, options: Options) -> list[str]:
    """Rewrite the arguments of a class of the time before langchain-openai."""
    notes = old_temperature(args, options)
    return [*notes, *rewrite(args, options)]


def _drop(args: Arguments, names: list[str]) -> None:
    for name in names:
        arg = args.find(name)
        if arg is not None:
            args.remove(arg)


def _names(args: Arguments) -> tuple[cst.BaseExpression, cst.BaseExpression | None]:
    """Make the deployment the model; return both, the model if it was given too."""
    table = facts()["azure"]
    for name in (*table["deployment"], *table["model"]):
        arg = args.find(name)
        if arg is not None and is_name(arg.value, "None"):
            args.remove(arg)
    deployment = args.find(*table["deployment"])
    if deployment is None:
        model = args.find(*table["model"])
        if model is None:
            msg = "no deployment is given: add azure_deployment="
            raise RefusedError(msg)
        _make_model(args, model)
        return model.value, None
    model = args.find(*table["model"])
    if model is not None:
        args.remove(model)
        deployment = args.find(*table["deployment"]) or deployment
    _make_model(args, deployment)
    return deployment.value, model.value if model is not None else None


def _make_model(args: Arguments, arg: cst.Arg) -> None:
    arg = args.set(arg, prefixed(f"{PROVIDER}:", arg.value))
    args.rename(arg, "model")


def _mapping(deployment: cst.BaseExpression, model: cst.BaseExpression) -> Setting:
    """Return `{deployment: model}`: which model a deployment runs."""
    return Setting("deployments", cst.Dict([cst.DictElement(deployment, model)]))
