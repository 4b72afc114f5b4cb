"""Which session judges a file: one for each interpreter whose packages say what the frameworks accept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from dryfit.engine.environment import InterpreterError, cache_folder, frameworks_of, interpreter
from dryfit.engine.foreign_packages import ForeignPackages
from dryfit.engine.layout import Layout, is_in
from dryfit.engine.library import ProjectLibrary
from dryfit.engine.packs import Packs
from dryfit.engine.session import Session
from dryfit.engine.settings import Settings
from dryfit.engine.settings_file import SettingsError, SettingsFinder, check_names
from dryfit.engine.ties import Ties
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import site_packages_of
from dryfit.lsp.configuration import ClientSettings

Say = Callable[[str], None]


class Projects:
    """The sessions under one configuration of the client; another configuration makes new ones.

    Versions of torch or Lightning that a settings file sets make a session of their own.

    Interpreters are found and their packages read, nothing of them is started. What cannot be used (settings files,
    interpreters) is said once and left out: there is always a session.
    """

    def __init__(
        self, packs: Packs, settings: ClientSettings, folder: Path | None, say: Say, is_trusted: bool = True
    ) -> None:
        self.rules = {rule.name: rule for rule in packs.rules}
        self._packs = packs
        self._settings = settings
        self._is_trusted = is_trusted
        self._folder = folder or Path.cwd()
        self._said: set[str] = set()
        self._say_always = say
        self._sessions: dict[tuple[Path, tuple[tuple[str, str], ...]], Session] = {}
        rules = packs.rules
        self._vocabulary = Vocabulary.of(rules, [rule.name for rule in rules])
        self._finder = SettingsFinder(self._vocabulary, self._folder)
        for problem in (*packs.problems, *settings.problems):
            self._say(problem)
        self._check_names()

    @property
    def families(self) -> frozenset[str]:
        return self._vocabulary.families

    def session_for(self, name: str) -> Session:
        python, versions = self._interpreter(name), self.settings_of(name).frameworks
        key = (python, tuple(sorted(versions.items())))
        session = self._sessions.get(key)
        if session is None:
            cache = cache_folder(os.environ)
            layout = Layout(is_in(site_packages_of(python)), str(self._folder))
            frameworks = frameworks_of(python, cache, versions)
            packages = ForeignPackages(python, cache, frameworks, self._is_trusted)
            library = ProjectLibrary(layout, Ties(layout, cache, is_waiting=False), packages)
            for notice in frameworks.notices:
                self._say(notice)
            session = Session(self._packs.rules, self.settings_of, frameworks, library=library)
            self._sessions[key] = session
        return session

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._sessions.values())

    def close(self) -> None:
        for session in self.sessions:
            session.close_all()

    def settings_of(self, name: str) -> Settings:
        """The settings file's, with the client's on top."""
        try:
            settings = self._finder.of_folder(self._folder_of(name))
        except SettingsError as error:
            self._say(f"{error}; the default settings are used")
            settings = Settings(folder=self._folder)
        return self._settings.over(settings)

    def _interpreter(self, name: str) -> Path:
        start = self._folder_of(name)
        setting = self._settings.python or self.settings_of(name).python
        try:
            return interpreter(None, setting, os.environ, start)
        except InterpreterError as error:
            self._say(f"{error}; the interpreter is looked for as if nothing were set")
            return interpreter(None, None, os.environ, start)

    def _folder_of(self, name: str) -> Path:
        """The folder of a file, or the workspace's for a text that is not a file."""
        return Path(name).parent if os.path.isabs(name) else self._folder

    def _check_names(self) -> None:
        for key, names in (("select", self._settings.select or ()), ("ignore", self._settings.ignore)):
            try:
                check_names(names, self._vocabulary, f"the setting `dryfit.{key}`")
            except SettingsError as error:
                self._say(str(error))

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say_always(text)
