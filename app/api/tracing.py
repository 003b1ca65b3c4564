"""The microscope: the tensors of one step, its operations, any of its numbers, gradients checked.

Nothing here changes a run. It works while the run trains (between two steps), rests, is parked or
has finished.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, SAFETENSORS, binary, failures
from app.api.encode import as_written
from app.api.runs import RunId
from app.protocol.health import HEALTH_WANTED, DerivativeHealth, HealthWanted
from app.protocol.through_time import THROUGH_TIME_WANTED, ThroughTimeWanted
from app.protocol.tracing import (
    EXPLAIN_WANTED,
    GRADCHECK_WANTED,
    TRACE_WANTED,
    TRACED,
    ExplainWanted,
    Explanation,
    Gradcheck,
    GradcheckWanted,
    Operations,
    Traced,
    TraceWanted,
)

router = APIRouter(tags=["microscope"])

TraceBody = Annotated[TraceWanted, Depends(body(TRACE_WANTED))]
ThroughTimeBody = Annotated[ThroughTimeWanted, Depends(body(THROUGH_TIME_WANTED))]
TracedBody = Annotated[Traced, Depends(body(TRACED))]
ExplainBody = Annotated[ExplainWanted, Depends(body(EXPLAIN_WANTED))]
HealthBody = Annotated[HealthWanted, Depends(body(HEALTH_WANTED))]
GradcheckBody = Annotated[GradcheckWanted, Depends(body(GRADCHECK_WANTED))]
REFUSALS = failures(*READS_BODY, 404, 409, 503)
TRACES: tuple[tuple[str, Any], ...] = (
    ("everything of the coming step", {}),
    (
        "the kernels' gradients at an earlier step",
        {"step": 10, "roles": ["gradient"], "nodes": ["conv1"], "precision": "float32"},
    ),
    (
        "two samples",
        {"samples": [{"kind": "stored", "index": 0}, {"kind": "stored", "index": 1}]},
    ),
)
THROUGH: tuple[tuple[str, Any], ...] = (
    ("everything", {"node": "lstm1"}),
    ("the matrix of one sample", {"node": "lstm1", "sample": 3, "roles": ["matrix"]}),
    (
        "what the first step gives to a gradient",
        {"node": "lstm1", "contribution": {"tensor": "lstm1.weight_hh_l0", "time": 0}},
    ),
)
CELLS: tuple[tuple[str, Any], ...] = (
    (
        "a cell of a map",
        {"cell": {"role": "activation", "node": "conv1", "sample": 0, "index": [0, 3, 4]}},
    ),
    (
        "its sensitivity, as the chapter has it",
        {
            "cell": {"role": "sensitivity", "node": "conv1", "sample": 0, "index": [0, 3, 4]},
            "form": "sum",
        },
    ),
    (
        "a weight's gradient",
        {"cell": {"role": "gradient", "node": "conv1", "tensor": "weight", "index": [0, 0, 2, 2]}},
    ),
    (
        "a weight's update",
        {"cell": {"role": "update", "node": "conv1", "tensor": "weight", "index": [0, 0, 2, 2]}},
    ),
    (
        "δ of a forget gate's net input at a step of time",
        {
            "cell": {
                "role": "sensitivity",
                "node": "lstm1",
                "state": "u_f",
                "time": 5,
                "sample": 0,
                "index": [7],
            }
        },
    ),
    ("the loss", {"cell": {"role": "loss"}}),
)


@router.post(
    "/runs/{run}/trace",
    response_class=Response,
    responses={**binary("Tensors named node.activation, node.weight.gradient …"), **REFUSALS},
    summary="Trace one step",
    openapi_extra=documented("TraceWanted", *TRACES),
)
async def trace(run: RunId, wanted: TraceBody, here: Here) -> Response:
    """Every number of one step: outputs and sensitivities (∂E/∂output, batch mean) of all nodes,
    parameters, gradients, the parameters after the update and the optimiser's state. An earlier step
    is made again from the nearest snapshot, bit for bit."""
    content = await here.runs.trace(run, "trace", wanted)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})


@router.post(
    "/runs/{run}/through_time",
    response_class=Response,
    responses={**binary("Tensors named node.state, node.state.sensitivity …"), **REFUSALS},
    summary="Look at a recurrent layer through time",
    openapi_extra=documented("ThroughTimeWanted", *THROUGH),
)
async def through_time(run: RunId, wanted: ThroughTimeBody, here: Here) -> Response:
    """Of one sample: what the layer holds at every step, ∂E/∂(it) with all that flows back from later
    steps and its norm, δ at the net inputs (``weight.delta``), and ``matrix.h``: |∂E_τ/∂h_t|, a row
    for every τ of ``rows``. Of the whole pass: ``weight.contribution``, the norm of every step's term
    of a gradient. Long sequences have fewer rows, evenly spread."""
    content = await here.runs.trace(run, "through_time", wanted)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})


@router.post(
    "/runs/{run}/operations",
    response_model=Operations,
    responses=REFUSALS,
    summary="List a step's operations",
    openapi_extra=documented("Traced", ("the coming step", {}), ("an earlier step", {"step": 10})),
)
async def operations(run: RunId, wanted: TracedBody, here: Here) -> Response:
    """In order: forward through each layer, the loss, backward through each layer, the update of
    each parameter; each with a sentence that says what happens."""
    return as_written(await here.runs.trace(run, "operations", wanted))


@router.post(
    "/runs/{run}/explain",
    response_model=Explanation,
    responses=REFUSALS,
    summary="Explain one number",
    openapi_extra=documented("ExplainWanted", *CELLS),
)
async def explain(run: RunId, wanted: ExplainBody, here: Here) -> Response:
    """The number from PyTorch, and the same as a sum of terms with the place of every factor. A
    place can be asked for in turn, so that a number is followed back to the input and forward to
    the loss. The 200 largest terms are listed; the rest is one sum."""
    return as_written(await here.runs.trace(run, "explain", wanted))


@router.post(
    "/runs/{run}/gradcheck",
    response_model=Gradcheck,
    responses=REFUSALS,
    summary="Check gradients",
    openapi_extra=documented("GradcheckWanted", ("one layer", {"node": "conv1"}), ("all", {})),
)
async def gradcheck(run: RunId, wanted: GradcheckBody, here: Here) -> Response:
    """Central differences in float64 against autograd. The run waits meanwhile, at most about half
    a minute; ``complete`` says whether everything that was asked for has been checked."""
    return as_written(await here.runs.trace(run, "gradcheck", wanted))


@router.post(
    "/runs/{run}/health",
    response_model=DerivativeHealth,
    responses=REFUSALS,
    summary="Health of the derivatives over time",
    openapi_extra=documented("HealthWanted", ("as the page asks", {}), ("coarser", {"points": 8})),
)
async def health(run: RunId, wanted: HealthBody, here: Here) -> Response:
    """Per layer, at steps spread over the run: the norms of ∂E/∂x and ∂E/∂W, the update relative
    to the weights, the shares of dead units and of saturated cells, with the bounds of what is
    healthy. Looked at from snapshots when it is asked for, so that training pays nothing; ask again
    where ``complete`` is false."""
    return as_written(await here.runs.trace(run, "health", wanted))
