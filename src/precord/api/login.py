"""The login of a service that others reach: a form without a script, and who is logged in.

A phone needs no account: a QR code on a screen lets one in, once, to read.
"""

import html
import json
import math
from functools import cache
from importlib.resources import files
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from precord.api import schemas_admin as out
from precord.api.access import Access, Caller
from precord.api.account import Account, Accounts, Scope
from precord.api.lan import picture_qr
from precord.api.search import PROBLEMS, ServiceOf

router = APIRouter(tags=["login"])

_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<title>precord</title><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/static/style.css">
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<main class="login"><h1>precord</h1><form method="post" action="/login" class="panel">
<p id="why" class="{kind}" role="alert">{why}</p>
<label>{name}<input name="name" autocomplete="username" maxlength="80" autofocus></label>
<label>{password}<input name="password" type="password" required
 autocomplete="current-password" maxlength="256"></label>
<button class="button primary">{enter}</button></form>
<p class="disclaimer" role="note">{disclaimer}</p></main></html>"""


def get_access(request: Request) -> Access:
    """Return what the application was started with."""
    return cast("Access", request.app.state.access)


AccessOf = Annotated[Access, Depends(get_access)]


@router.get("/login", include_in_schema=False)
def login_page(request: Request, access: AccessOf) -> HTMLResponse:
    """Return the form."""
    _accounts(access)
    return _form(request, "")


@router.post("/login", include_in_schema=False)
def log_in(
    request: Request,
    access: AccessOf,
    service: ServiceOf,
    password: Annotated[str, Form(max_length=256)],
    name: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Let in who knows a name and its password, or shows a token in the password's place."""
    accounts = _accounts(access)
    keys = (f"address {_address(request, access)}", f"name {name}")
    if seconds := max(access.failures.wait(key) for key in keys):
        after = {"Retry-After": str(math.ceil(seconds))}
        return _form(request, "login_wait", 429, after)
    account = accounts.by_token(password)
    if account is None:
        with service.turns.take():  # Argon2 takes a core and 64 MiB
            account = accounts.by_password(name, password)
    if account is None:
        for key in keys:
            access.failures.take(key)
        service.audit.write("login refused")  # the name may be a password typed a line too high
        return _form(request, "login_wrong", 401)
    return _let_in(account, access, service)


@router.post("/logout", include_in_schema=False)
def log_out(request: Request, access: AccessOf) -> Response:
    """Forget the browser that asks."""
    access.sessions.end(request.cookies.get(access.cookie, ""))
    expired = f"{access.cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
    return RedirectResponse("/", 303, headers={"Set-Cookie": expired})


@router.get("/v1/me", responses=PROBLEMS)
def me(request: Request, access: AccessOf) -> out.MeOut:
    """Say who asks, and what that account may do."""
    caller = cast("Caller", request.state.caller)
    is_account = access.accounts is not None
    return out.MeOut(
        name=caller.name,
        scope=caller.scope.value,
        can_log_out=is_account,
        can_pair=bool(access.origins) and caller.scope.covers(Scope.ADMIN),
    )


@router.post("/v1/pairings", responses=PROBLEMS, status_code=201)
def pair(access: AccessOf, service: ServiceOf) -> out.PairingOut:
    """Return a QR code that lets one more phone in, once, to read; those from before are void."""
    if not access.origins:
        raise HTTPException(404, "no phone reaches this service; start it with `--lan`")
    url = access.pair()[0]
    service.audit.write("pair")
    return out.PairingOut(url=url, qr=picture_qr(url), certificate=access.certificate)


def _let_in(account: Account, access: Access, service: ServiceOf) -> Response:
    """Begin the session of *account*."""
    session = access.sessions.begin(Caller(account.name, account.scope), account)
    service.audit.write("login", who=account.name)
    return RedirectResponse("/", 303, headers={"Set-Cookie": access.set_cookie(session)})


def _accounts(access: Access) -> Accounts:
    """Return the accounts; on loopback there is no login."""
    if access.accounts is None:
        raise HTTPException(404, "there is no login on this machine; use the printed address")
    return access.accounts


def _address(request: Request, access: Access) -> str:
    """Return where a request comes from, as the proxy in front says it, if there is one."""
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if access.is_behind_proxy and said:
        return said[:80]
    return request.client.host if request.client else ""


def _form(
    request: Request, why: str, status: int = 200, headers: dict[str, str] | None = None
) -> HTMLResponse:
    """Return the form in the browser's language, with the reason *why* it shows again."""
    asked = [part.strip()[:2] for part in request.headers.get("accept-language", "").split(",")]
    language = next((one for one in asked if one in _words()), "en")
    words = _words()[language]
    filled = {key: html.escape(words[f"login_{key}"]) for key in ("name", "password", "enter")}
    page = _PAGE.format(
        language=language,
        kind="warning" if why else "quiet",
        why=html.escape(words[why or "login_why"]),
        disclaimer=html.escape(words["disclaimer"]),
        **filled,
    )
    return HTMLResponse(page, status, headers)


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return the page's words by language."""
    folder = files("precord.web") / "static" / "words"
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text("utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".json")
    }
