"""What can be set: one typed file.

The chart writes it from its values and under their names: helm/stillhouse/templates/hub/_settings.tpl.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hub.errors import HubError
from hub.typed import build


@dataclass(frozen=True)
class Network:
    """How the hub, its proxy and the user servers find each other."""

    hub_url: str
    """Where proxy and user servers reach the hub."""
    proxy_api: str
    """Where the hub reaches the proxy's API."""


@dataclass(frozen=True)
class Auth:
    """Who may log in, and how."""

    trial: bool
    admins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Database:
    """Where the hub keeps who has which server."""

    url: str


@dataclass(frozen=True)
class Servers:
    """What all user servers have in common."""

    namespace: str
    image: str
    start_timeout: int
    """Seconds until a server that isn't up is given up."""
    image_pull_secrets: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Homes:
    """The volume of each user."""

    size: str
    storage_class: str = ""
    """Empty: the cluster's default."""


@dataclass(frozen=True)
class Cores:
    """Processor cores that a server has for sure, and at most."""

    guarantee: float
    limit: float


@dataclass(frozen=True)
class Memory:
    """Memory that a server has for sure, and at most: 512Mi, 2Gi."""

    guarantee: str
    limit: str


@dataclass(frozen=True)
class Gpu:
    """Whole GPUs, under the name that their nodes advertise."""

    resource: str
    count: int


@dataclass(frozen=True)
class Toleration:
    """A taint that does not keep the server away."""

    operator: str
    key: str | None = None
    value: str | None = None
    effect: str | None = None


@dataclass(frozen=True)
class Profile:
    """A kind of server that a user may choose."""

    name: str
    title: str
    cpu: Cores
    memory: Memory
    description: str = ""
    gpu: Gpu | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    image: str | None = None


@dataclass(frozen=True)
class Settings:
    """All of it."""

    network: Network
    auth: Auth
    database: Database
    servers: Servers
    homes: Homes
    profiles: tuple[Profile, ...]


def read_settings(path: Path) -> Settings:
    """The settings in a YAML file. Raises HubError that names file and place where they can't be used."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HubError(
            f"{path}: {error.strerror}. STILLHOUSE_HUB_SETTINGS must name the hub's settings file."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HubError(f"{path}: it is no YAML that can be read. {error}") from None
    settings = build(Settings, data, str(path))
    if not settings.profiles:
        raise HubError(f"{path}.profiles: there is none. Users need one profile at least to start a server from.")
    return settings


@dataclass(frozen=True)
class Keys:
    """What nobody but the hub may know. Each is a file of a mounted folder, named as in `NAMES`."""

    proxy_token: str = field(repr=False)
    cookie_secret: str = field(repr=False)
    password: str = field(repr=False)
    admin_password: str = field(default="", repr=False)
    """Empty where there are no admins."""


def read_keys(folder: Path, auth: Auth) -> Keys:
    """The keys in `folder`: proxy-token, cookie-secret, password, and admin-password if there are admins."""
    return Keys(
        proxy_token=read_key(folder / "proxy-token"),
        cookie_secret=read_key(folder / "cookie-secret"),
        password=read_key(folder / "password"),
        admin_password=read_key(folder / "admin-password") if auth.admins else "",
    )


def read_key(path: Path) -> str:
    """One key, without the line end that an editor leaves. Raises HubError where there is none."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(
            f"{path}: it can't be read ({error}). The Secret behind it needs the key {path.name!r}."
        ) from None
    if not key:
        raise HubError(f"{path}: it is empty. Give the Secret behind it a value for {path.name!r}.")
    return key
