"""The web application: public routes, health, and the loops in its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from hookline import __version__, backlog, config, database, metrics
from hookline.delivery import settings
from hookline.delivery.loop import Deliverer
from hookline.dispatch import outcomes as dispatch_outcomes
from hookline.dispatch import schemas
from hookline.dispatch.dags import EventDags
from hookline.dispatch.loop import Dispatcher
from hookline.dispatch.waits import Waits
from hookline.forms import session
from hookline.forms.app import Forms
from hookline.forms.entry import Entries
from hookline.health import Health
from hookline.inbox.group_commit import GroupCommit
from hookline.ingress import openapi
from hookline.ingress.admission import Admission
from hookline.ingress.answer import PUBLIC
from hookline.ingress.app import Ingress, Limits
from hookline.ingress.connections import listed, load
from hookline.ingress.documents import Documents
from hookline.ingress.door import Door
from hookline.ingress.outcomes import Outcomes
from hookline.ingress.rates import Rates
from hookline.ingress.refusals import Refusals
from hookline.ingress.reply import Replies
from hookline.ingress.shutdown import announced
from hookline.ingress.sources import Sources
from hookline.ingress.status import Status, Tokens
from hookline.loop import Loop
from hookline.observe.plans import Plans
from hookline.observe.sweep import Observer
from hookline.protocol import guard, networks
from hookline.replay import carry
from hookline.resume.app import ResumeLinks
from hookline.tokens.callback import Callback
from hookline.tokens.keeper import Keeper
from hookline.watch import SLOW, Watch

if TYPE_CHECKING:
    from limits import RateLimitItem

PREFIX = "/hooks"
START_SECONDS = 15.0


class Loops:
    """Dispatcher, waits, keeper, observer and deliverer, as ``[hookline]`` says.

    :raises ConfigurationError: it says what cannot be meant.
    """

    def __init__(self) -> None:
        self.dispatcher = Dispatcher(poll=SLOW, hold_poll=config.get_float("hold_interval"))
        self._waits = Waits(poll=SLOW, settling=config.settling())
        self._replay = Loop("replay", carry.go, SLOW)
        self._keeper = Keeper(poll=config.get_float("poll_interval"))
        deliverer = self._deliverer = Deliverer(settings.read(), poll=SLOW)
        observer = Observer(Plans(), config.base_url(), deliverer.wake)
        self._observer = Loop("observe", observer.look, SLOW)
        self._backlog = Loop("backlog", backlog.report, poll=backlog.SECONDS)
        wake = {
            "dispatch": self.dispatcher.wake,
            "waits": self._waits.wake,
            "observe": self._observer.wake,
            "delivery": deliverer.wake,
            "replay": self._replay.wake,
        }
        self._watch = Watch(config.get_float("poll_interval"), wake, self.dispatcher.holds_due)

    def start(self) -> list[asyncio.Task[None]]:
        """Run all; cancelled, each finishes what it has begun."""
        running = {
            "dispatch": self.dispatcher.run(),
            "waits": self._waits.run(),
            "tokens": self._keeper.run(),
            "observe": self._observer.run(),
            "delivery": self._deliverer.run(),
            "replay": self._replay.run(),
            "watch": self._watch.run(),
        }
        if metrics.enabled():
            running["backlog"] = self._backlog.run()
        return [asyncio.create_task(one, name=name) for name, one in running.items()]


class Application(FastAPI):
    """FastAPI, because Airflow enters the lifespans of FastAPI instances only.

    Requests to sources go straight to the ingress: FastAPI's own middlewares would take longer than
    verifying and parsing them.
    """

    def __init__(self, prefix: str, ingress: Ingress, pages: Mapping[str, Any], lifespan: Any) -> None:
        super().__init__(
            title="Hookline",
            version=__version__,
            lifespan=lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
        )
        self._inbound = f"{prefix}/in/"
        self._ingress = ingress
        self._pages = {f"{prefix}/{name}/": room for name, room in pages.items()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one connection (ASGI 3.0)."""
        path = get_route_path(scope) if scope["type"] == "http" else ""
        if path.startswith(self._inbound):
            await self._ingress(scope, receive, send)
            return
        for beginning, room in self._pages.items():
            if path.startswith(beginning):
                await room(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def create_app(prefix: str = "", *, loops: bool | None = None, management: bool = False) -> FastAPI:
    """Return the application; its lifespan runs once.

    :param prefix: path that nobody before it takes away: empty when mounted under ``/hooks``, ``/hooks``
        when it stands alone.
    :param loops: whether the lifespan runs dispatcher and keeper; by default ``[hookline] run_loops``.
    :param management: whether it has the management API, which needs Airflow's application around it.
    """
    both = Loops()
    inbox = GroupCommit(on_stored=both.dispatcher.wake)
    sources = Sources(load, ttl=config.get_float("source_cache_seconds"))
    limits = Limits(
        body_bytes=config.get_int("max_body_bytes"),
        seconds=config.get_float("request_timeout"),
        storage=config.get_text("storage_path"),
    )
    documents = Documents(config.get_text("allowed_networks"))
    outcomes = Outcomes(dispatch_outcomes.look)
    tokens = Tokens(config.secret_key())
    door = Door(partial(schemas.load, EventDags()))
    refusals = Refusals(config.get_int("refused_body_bytes"))
    rates = Rates(config.get_text("rate_limit_storage"))
    admission = Admission(
        rates,
        trusted=networks.proxies(config.get_text("trusted_proxies"), "[hookline] trusted_proxies"),
        client_rates=_client_rates(),
        certificate_header=config.get_text("client_cert_header").lower(),
    )
    ingress = Ingress(
        sources,
        documents,
        inbox,
        limits,
        refusals=refusals,
        admission=admission,
        replies=Replies(outcomes, tokens),
        door=door,
    )
    forms = Forms(
        sources,
        limits,
        Entries.of(ingress, door, rates, secret=config.secret_key(), files=bool(limits.storage)),
        refusals=refusals,
        admission=admission,
        rates=rates,
        users=session.user if management else None,  # alone it has no login
    )
    resume = ResumeLinks(sources, documents, refusals=refusals, admission=admission, seconds=limits.seconds)
    health = Health()
    health.on_leaving(outcomes.close)
    managed = _management() if management else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Without the list the first request to each source is rationed; the start does not depend on it.
        with suppress(SQLAlchemyError, TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                sources.expect(await asyncio.to_thread(listed))
        own = {"inbox": inbox.run(), "refusals": refusals.run(), "outcomes": outcomes.run()}
        health.tasks += [asyncio.create_task(one, name=name) for name, one in own.items()]
        health.tasks += metrics.start()
        if config.get_bool("run_loops") if loops is None else loops:
            health.tasks.extend(both.start())
        try:
            with announced(health.leave):
                yield
        finally:
            for task in health.tasks:
                task.cancel()
            await asyncio.gather(*health.tasks, return_exceptions=True)
            await ingress.close()
            sources.close()
            await documents.close()
            await rates.close()
            door.close()
            if managed is not None:
                managed.state.desk.close()
            database.dispose()

    app = Application(prefix, ingress, {"forms": forms, "resume": resume}, lifespan)
    app.state.health, app.state.outcomes, app.state.door = health, outcomes, door
    routes: dict[str, Any] = {
        "health": health.ready,
        "health/live": health.live,
        "status/{token}": Status(tokens, outcomes).answer,
        "oauth/callback": Callback().answer,
        "openapi.json": _openapi,
    }
    for path, answer in routes.items():
        app.add_api_route(f"{prefix}/{path}", answer, methods=["GET"])
    app.add_exception_handler(HTTPException, _problem)
    if managed is not None:
        _mount(app, prefix, managed, ingress)
    return app


def _management() -> FastAPI:
    from hookline.api import application  # brings Airflow's own, which a gateway does without

    return application.create()


def _mount(app: FastAPI, prefix: str, managed: FastAPI, ingress: Ingress) -> None:
    from hookline.console import application

    managed.state.ingress = ingress
    app.mount(f"{prefix}/api/v1", managed)
    app.mount(f"{prefix}/console", application.create(managed))


def _client_rates() -> tuple[RateLimitItem, ...]:
    text = config.get_text("client_rate_limit")
    return guard.rates(text, "[hookline] client_rate_limit") if text else ()


async def _openapi(request: Request) -> JSONResponse:
    base = str(request.scope.get("root_path", "")).removesuffix(PREFIX)
    return JSONResponse(openapi.document(base or "/"), headers=PUBLIC)


async def _problem(_request: Request, error: Any) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "title": error.detail, "status": error.status_code},
        status_code=error.status_code,
        headers={**(error.headers or {}), **PUBLIC},
        media_type="application/problem+json",
    )
