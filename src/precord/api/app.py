"""The application: the routes, the page's static files, and the guard around all of it."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.staticfiles import StaticFiles

from precord import __version__
from precord.api import cases, chores, draft, library, login, picture, report, search
from precord.api.access import Access
from precord.api.guard import Guard
from precord.api.metrics import Meter, Timing
from precord.api.problem import add_problem_handlers
from precord.api.schemas import DISCLAIMER
from precord.api.state import Service

WEB = Path(str(files("precord.web")))

_ICON = '<link rel="icon" href="/static/icon.svg" type="image/svg+xml">'
_LET_IN = f"""<!doctype html><meta charset="utf-8"><title>precord</title>{_ICON}
<meta http-equiv="refresh" content="0;url=/"><p><a href="/">precord</a></p>"""
_LOCKED = f"""<!doctype html><html lang="en"><meta charset="utf-8">{_ICON}
<title>precord: no key</title>
<meta name="viewport" content="width=device-width"><h1>precord</h1>
<p>Open the address that <code>precord serve</code> printed; it holds the key.</p>
<p>Öffnen Sie die Adresse, die <code>precord serve</code> gezeigt hat; sie enthält den Schlüssel.
</p><p>{DISCLAIMER}</p></html>"""


def create_app(service: Service, access: Access) -> FastAPI:
    """Return the application that answers from *service* to whom *access* lets in."""
    app = FastAPI(
        title="precord",
        version=__version__,
        description=(
            f"Find the past 12-lead ECGs most like this one. {DISCLAIMER} Notes, reasons and "
            "errors are in the language of Accept-Language, or of the parameter `language` of any "
            "route: English or German."
        ),
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    app.state.access = access
    app.state.meter = meter = Meter(service)
    for module in (search, report, cases, draft, picture, library, chores, login):
        app.include_router(module.router)
    _add_page(app, access)
    add_problem_handlers(app)
    app.add_middleware(Guard, access=access)
    app.add_middleware(Timing, meter=meter)
    return app


def _add_page(app: FastAPI, access: Access) -> None:
    """Add the page, and what makes it installable."""
    app.mount("/static", StaticFiles(directory=WEB / "static"), name="static")

    @app.get("/", include_in_schema=False)
    def page(request: Request, key: str = "") -> Response:
        """Return the page; with the key, make the browser known first.

        The page behind the key sends the browser on by itself, not by a redirect: a cookie that
        is SameSite=Strict would not go along where another program opened the address.
        """
        if key:
            session = access.admit(key)
            if session is None:
                return HTMLResponse(_LOCKED, 401)
            return HTMLResponse(_LET_IN, headers={"Set-Cookie": access.set_cookie(session)})
        if access.by_cookie(request.cookies.get(access.cookie, "")) is None:
            if access.accounts is not None:
                return RedirectResponse("/login", 303)
            return HTMLResponse(_LOCKED, 401)
        return FileResponse(WEB / "static" / "index.html")

    @app.get("/sw.js", include_in_schema=False)
    def service_worker() -> Response:
        """Return the service worker, which must lie at the root to serve it."""
        return FileResponse(WEB / "static" / "sw.js", media_type="text/javascript")

    @app.get("/manifest.webmanifest", include_in_schema=False)
    def manifest() -> Response:
        """Return what makes the page installable."""
        path = WEB / "static" / "manifest.webmanifest"
        return FileResponse(path, media_type="application/manifest+json")

    @app.get("/v1/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        """Return the description of the API."""
        return JSONResponse(app.openapi())
