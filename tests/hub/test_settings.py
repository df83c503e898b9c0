"""The settings file and the folder of keys, read or refused."""

from __future__ import annotations

import pytest
import yaml

from hub.errors import HubError
from hub.settings import Auth, Gpu, Toleration, read_keys, read_settings


def test_the_settings_are_read(written):
    settings = read_settings(written / "settings.yaml")
    assert settings.servers.start_timeout == 120
    assert settings.homes.storage_class == ""
    cpu, gpu = settings.profiles
    assert cpu.gpu is None
    assert gpu.gpu == Gpu("nvidia.com/gpu", 2)
    assert gpu.tolerations == (Toleration("Exists", "nvidia.com/gpu", None, "NoSchedule"),)


def test_a_missing_file_is_told_with_the_variable_that_names_it(tmp_path):
    with pytest.raises(HubError, match=r"settings\.yaml: No such file.* STILLHOUSE_HUB_SETTINGS"):
        read_settings(tmp_path / "settings.yaml")


def test_what_is_no_yaml_is_told(tmp_path):
    (tmp_path / "settings.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(HubError, match="no YAML that can be read"):
        read_settings(tmp_path / "settings.yaml")


def test_a_wrong_value_is_told_with_file_and_place(data, tmp_path):
    data["profiles"][1]["gpu"]["count"] = "one"
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(HubError, match=r"settings\.yaml\.profiles\[1\]\.gpu\.count: it must be a whole number"):
        read_settings(tmp_path / "settings.yaml")


def test_settings_without_a_profile_are_refused(data, tmp_path):
    data["profiles"] = []
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(HubError, match=r"\.profiles: there is none"):
        read_settings(tmp_path / "settings.yaml")


def test_keys_are_read_without_line_ends(written):
    keys = read_keys(written / "keys", Auth(trial=True))
    assert keys.password == "trial password"
    assert keys.proxy_token == "c" * 64


def test_the_admins_password_is_needed_only_where_there_are_admins(written):
    (written / "keys" / "admin-password").unlink()
    assert read_keys(written / "keys", Auth(trial=True)).admin_password == ""
    with pytest.raises(HubError, match=r"admin-password: it can't be read.*needs the key 'admin-password'"):
        read_keys(written / "keys", Auth(trial=True, admins=("ada",)))


def test_an_empty_key_is_refused(written):
    (written / "keys" / "proxy-token").write_text("\n", encoding="utf-8")
    with pytest.raises(HubError, match="proxy-token: it is empty"):
        read_keys(written / "keys", Auth(trial=True))


def test_keys_are_not_shown_when_they_are_printed(keys):
    assert repr(keys) == "Keys()"
