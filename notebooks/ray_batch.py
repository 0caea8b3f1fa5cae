"""Thousands of prompts through Ray Data, on one machine or a cluster.

    pip install "langchain-unified[ray]"
    python ray_batch.py --prompts 10000 --model gpt-5.4

Each worker makes its own chat model, so each has its own clients. Requests that fail
for a while (429, 5xx, lost connections) are repeated by the chat model; a prompt that
fails for good gives a row with an `error` and the others go on. What a worker learns
from a refused request goes into a folder that all workers read, so that each mistake
is made once; on several machines the folder has to be one they share.

Without keys in the environment the emulator answers, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")

import numpy as np
import ray

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.playground import playground


class Answer:
    """Answers a batch of prompts; Ray makes one per worker and keeps it."""

    def __init__(self, settings: dict[str, Any], requests_at_once: int) -> None:
        """Make the worker's chat model; clients are built at its first call."""
        self.llm = UnifiedChatModel(**settings)
        self.config = {"max_concurrency": requests_at_once}

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        """Return the batch with what was answered, used, changed or wrong."""
        prompts = [str(prompt) for prompt in batch["prompt"]]
        answers = self.llm.batch(prompts, config=self.config, return_exceptions=True)
        rows = [self.row(answer) for answer in answers]
        worker = [os.getpid()] * len(rows)
        return {**batch, "worker": worker, **{k: [row[k] for row in rows] for k in rows[0]}}

    @staticmethod
    def row(answer: Any) -> dict[str, Any]:
        """Return the columns of one answer."""
        if isinstance(answer, Exception):
            failure = f"{type(answer).__name__}: {answer}"
            return {"text": "", "tokens": 0, "changes": "[]", "error": failure}
        return {
            "text": answer.text,
            "tokens": (answer.usage_metadata or {}).get("total_tokens", 0),
            "changes": json.dumps(answer.response_metadata["unified"]["changes"]),
            "error": "",
        }


def main() -> int:
    """Run the prompts; return 1 if some failed for good."""
    asked = arguments()
    place = playground(max_recorded=1000)
    print(place, flush=True)
    settings = {
        "model": asked.model,
        "temperature": 0.5,
        "max_tokens": 500,
        "max_retries": 8,
        "on_unsupported": "ignore",
        **place.settings,
    }
    # Workers get the environment of the driver: keys, and where lessons are kept.
    passed = ("OPENAI_", "GOOGLE_", "GEMINI_", "LANGCHAIN_UNIFIED_", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k.startswith(passed)}
    if asked.learned:
        environment["LANGCHAIN_UNIFIED_LEARNED"] = str(asked.learned.resolve())
    ray.init(
        address=asked.address,
        runtime_env={"env_vars": environment},
        **({} if asked.address else LOCAL | {"num_cpus": asked.workers}),
    )
    prompts = [{"prompt": f"Is {n} odd? One word."} for n in range(asked.prompts)]
    answers = ray.data.from_items(prompts).map_batches(
        Answer,
        fn_constructor_args=(settings, asked.requests_at_once),
        compute=ray.data.ActorPoolStrategy(size=asked.workers),
        batch_size=asked.batch_size,
    )
    report = consumed(answers, asked.prompts)
    ray.shutdown()
    place.close()
    print(json.dumps(report))
    return 1 if report["failed"] else 0


LOCAL = {
    "include_dashboard": False,
    "object_store_memory": 200 * 1024 * 1024,
    "configure_logging": False,
    "log_to_driver": False,
}
"""A cluster of this machine alone: no dashboard, little memory."""


def consumed(answers: ray.data.Dataset, total: int) -> dict[str, Any]:
    """Take the answers as they come, show progress, and sum up."""
    started = time.perf_counter()
    done = tokens = failed = 0
    workers: set[int] = set()
    errors: set[str] = set()
    for batch in answers.iter_batches(batch_size=None):
        done += len(batch["text"])
        tokens += int(batch["tokens"].sum())
        wrong = [error for error in batch["error"] if error]
        failed += len(wrong)
        errors |= set(wrong[:3])
        workers |= {int(worker) for worker in batch["worker"]}
        print(f"{done}/{total} answered, {failed} failed", flush=True)
    return {
        "prompts": total,
        "answered": done - failed,
        "failed": failed,
        "tokens": tokens,
        "workers": len(workers),
        "seconds": round(time.perf_counter() - started, 1),
        "errors": sorted(errors)[:3],
    }


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Prompts through Ray Data.")
    parser.add_argument("--prompts", type=int, default=300)
    parser.add_argument("--model", default="gpt-5.4")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--requests-at-once", type=int, default=16, help="per worker")
    parser.add_argument("--learned", type=Path, help="folder of lessons to share")
    parser.add_argument("--address", help="a running cluster; a new local one if unset")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
