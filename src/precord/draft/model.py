"""A draft whose sentences a language model chooses and orders; every one is checked.

Asked is any server with the chat completions of the OpenAI API, such as llama.cpp, Ollama or
vLLM. It sees no report: only sentences that passed `rule` and `measured`, names of statements,
and numbers that stand for the precedents. What it answers must pass the same rules, make
no statement that the precedents it cites do not make, and hold no sentence without a source;
else it is struck. Its words on measurements are never asked for.

By default the server must be on this machine or in a private network (RFC 1918, 4193); its
name is resolved once a request, and the address checked is the one that is asked. No proxy is
used and no redirect followed.
"""

import ipaddress
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from precord.case import Case
from precord.draft.compose import finish, name_statement, tidy
from precord.draft.material import Material, codes_of, collect
from precord.draft.rule import Reason
from precord.draft.sentence import Draft, Kind, Query, Sentence, Struck
from precord.errors import DraftError
from precord.report import Language
from precord.statements import CODES
from precord.text import report_key

MAX_SENTENCES = 20
_MAX_ANSWER = 2**18  # bytes
_SECONDS = 120.0
_ASK = """\
You arrange findings for the draft of an ECG report in {language}. Use only the findings below,
each with the numbers of its sources. Choose those that belong together, order them rhythm first,
and leave out repetitions; join or shorten sentences only where nothing is added. Never write a
number, a date, a name, a comparison with another ECG, or that something is normal or absent.
Answer with JSON alone: {{"sentences": [{{"text": "...", "sources": [1, 2]}}]}}

{findings}"""
_NAMES = {Language.ENGLISH: "English", Language.GERMAN: "German"}


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Where a language model is asked.

    Attributes:
        url: such as http://127.0.0.1:8080/v1; "/chat/completions" is added.
        name: of the model; empty asks the server for its first.
        is_anywhere: whether an address outside this machine and private networks may be asked.

    Raises:
        DraftError: *url* is none of http or https.
    """

    url: str
    name: str = ""
    is_anywhere: bool = False
    transport: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise DraftError(f"{self.url!r}: expected such as http://127.0.0.1:8080/v1")

    def complete(self, prompt: str) -> tuple[str, str]:
        """Return what the model answers to *prompt*, and the model's name.

        Raises:
            DraftError: It is not where it may be, does not answer, or not as the API says.
        """
        try:
            name = self.name or str(self._ask("GET", "/models", None)["data"][0]["id"])
            body = {
                "model": name,
                "messages": [{"role": "user", "content": prompt}],
                "temperature": 0,
                "stream": False,
            }
            answer = self._ask("POST", "/chat/completions", body)
            return str(answer["choices"][0]["message"]["content"]), name[:80]
        except (KeyError, IndexError, TypeError) as error:
            raise DraftError("the language model's server does not speak the OpenAI API") from error

    def check_address(self) -> list[str]:
        """Return the addresses to ask, the first that answers.

        Raises:
            DraftError: It is unknown, or neither of this machine nor private.
        """
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            raise DraftError(f"language model: no address of {host!r}") from error
        addresses = [str(entry[4][0]) for entry in found]
        near = [a for a in addresses if self.is_anywhere or _is_near(a)]
        if len(near) < len(addresses) or not near:
            raise DraftError(
                f"language model: {host} is neither this machine nor in a private network; "
                "--llm-anywhere lets findings of precedents leave it"
            )
        return list(dict.fromkeys(near))

    def _ask(self, method: str, path: str, body: dict[str, object] | None) -> Any:
        """Return the JSON that the server answers, at the first address that can be reached."""
        error: httpx.HTTPError | None = None
        for address in self.check_address():
            try:
                return json.loads(self._send(method, path, body, address))
            except httpx.ConnectError as found:
                error = found
            except httpx.HTTPError as found:
                error = found
                break
            except ValueError as found:
                raise DraftError("the language model's server answers in no JSON") from found
        raise DraftError("the language model does not answer") from error

    def _send(self, method: str, path: str, body: dict[str, object] | None, address: str) -> bytes:
        """Return the body of the answer of the server at *address*."""
        parts = urlsplit(self.url)
        url = httpx.URL(self.url.rstrip("/") + path).copy_with(host=address)
        with (
            httpx.Client(transport=self.transport, trust_env=False, timeout=_SECONDS) as client,
            client.stream(
                method,
                url,
                json=body,
                headers={"Host": parts.netloc},
                extensions={"sni_hostname": parts.hostname or ""},
            ) as answer,
        ):
            data = bytearray()
            for chunk in answer.iter_bytes():
                data += chunk
                if len(data) > _MAX_ANSWER:
                    raise DraftError("the language model answers without an end")
            if answer.status_code != httpx.codes.OK:
                raise DraftError(f"the language model answers with status {answer.status_code}")
            return bytes(data)


def ask_model(
    model: LanguageModel, query: Query, cases: Sequence[Case], language: Language
) -> Draft:
    """Return a draft for *query* that *model* arranges from what *cases* say.

    Raises:
        DraftError: The model cannot be asked, or nothing of its answer can be read.
    """
    material = collect(query, cases, language)
    findings = _list_findings(material)
    if not findings:
        return finish(material, ())
    numbers = {case: n for n, case in enumerate(material.said, 1)}
    lines = [
        f"- {text} [sources {', '.join(str(numbers[case]) for case in cited)}]"
        for text, cited in findings
    ]
    prompt = _ASK.format(language=_NAMES[material.language], findings="\n".join(lines))
    answer, name = model.complete(prompt)
    ids = {n: case for case, n in numbers.items()}
    sentences = []
    for text, sources in _read_answer(answer):
        cited = tuple(dict.fromkeys(ids[n] for n in sources if n in ids))
        struck = _weigh_written(text, cited, material)
        if struck is None:
            sentences.append(Sentence(tidy(text), Kind.WRITTEN, cited, codes_of(text)))
        else:
            material.struck.append(struck)
    return finish(material, sentences, name)


def _list_findings(material: Material) -> list[tuple[str, tuple[str, ...]]]:
    """Return all that may be drafted, each with the cases that have it."""
    found = [(tidy(t), material.cite(t, codes_of(t), case)) for t, case in material.usable]
    for code in sorted(material.wanted, key=CODES.index):
        text = name_statement(code, material)
        if text:
            found.append((text, material.cite(text, frozenset({code}))))
    return found


def _weigh_written(text: str, cited: tuple[str, ...], material: Material) -> Struck | None:
    """Return a model's sentence struck, or None where it may be drafted."""
    codes = codes_of(text)
    struck = material.weigh(text, codes)
    if struck is not None:
        return struck
    if not codes:  # `weigh` found it in reports; it must be in each that is cited
        said = set(material.held.get(report_key(text), ()))
        is_said = bool(cited) and set(cited) <= said
    else:
        is_said = bool(cited) and all(codes <= material.said[case] for case in cited)
    return None if is_said else Struck(text, "", Reason.NOT_CITED)


def _read_answer(answer: str) -> list[tuple[str, list[int]]]:
    """Return the sentences of a model's answer with their sources.

    Raises:
        DraftError: It holds none in the form asked for.
    """
    start, end = answer.find("{"), answer.rfind("}")
    try:
        found = json.loads(answer[start : end + 1])["sentences"]
        return [
            (str(one["text"]), [int(n) for n in one["sources"]]) for one in found[:MAX_SENTENCES]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DraftError("the language model did not answer in the form asked for") from error


def _is_near(address: str) -> bool:
    """Tell whether *address* is of this machine or of a private network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_loopback or (found.is_private and not found.is_unspecified)
