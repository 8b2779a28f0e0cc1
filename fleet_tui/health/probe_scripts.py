"""The programs a probe runs on a host. They only look; nothing is written or kept there."""

from __future__ import annotations

AGENT_COMMANDS = ("claude", "codex")
"""Names under which agents are looked for."""

MARKER = "fleet-probe"

PROBE_SCRIPT = (
    # `limited COMMAND…` gives up after 5 seconds; macOS has no `timeout`, but perl.
    'if timeout 5 true 2>/dev/null; then limited() { timeout 5 "$@" </dev/null 2>/dev/null; }; '
    "elif command -v perl >/dev/null 2>&1; then "
    'limited() { perl -e "alarm 5; exec @ARGV" "$@" </dev/null 2>/dev/null; }; '
    'else limited() { "$@" </dev/null 2>/dev/null; }; fi; '
    # `seek NAME FOLDER:FOLDER…` prints the first absolute path that can be run.
    "seek() { IFS=:; for d in $2; do case $d in /*) "
    'if [ -f "$d/$1" ] && [ -x "$d/$1" ]; then echo "$d/$1"; return; fi;; esac; done; }; '
    # `native PATH` prints the program behind the node launcher of codex: killing the launcher
    # would leave that program running, and node itself is often not in the PATH of ssh.
    'native() { r=$(readlink -f "$1" 2>/dev/null); '
    "case $r in */bin/codex.js) b=${r%/bin/codex.js}; "
    'for n in "${b%/*}"/codex-*/vendor/*/bin/codex "$b"/vendor/*/bin/codex '
    '"$b"/node_modules/@openai/codex-*/vendor/*/bin/codex; do '
    'if [ -n "$(limited "$n" --version)" ]; then echo "$n"; return; fi; '
    'done;; esac; echo "$1"; }; '
    # Facts of the machine, raw: they are taken apart by the reader.
    f'echo "{MARKER}=1"; '
    'echo "hostname=$(hostname 2>/dev/null || uname -n)"; echo "system=$(uname -sr)"; '
    'echo "home=$HOME"; echo "shell=$SHELL"; '
    'echo "disk=$(limited df -Pk "$HOME" | tail -n 1)"; '
    'if [ -r /proc/uptime ]; then read -r up _ </proc/uptime; echo "uptime=$up"; '
    'else echo "boottime=$(limited sysctl -n kern.boottime)"; echo "date=$(date +%s)"; fi; '
    # Where agents are installed that the PATH of a non-interactive login does not name.
    "places=$PATH:$HOME/.local/bin:$HOME/.claude/local:$HOME/.npm-global/bin:/usr/local/bin"
    ":/opt/homebrew/bin:$HOME/bin:$HOME/.bun/bin:$HOME/.volta/bin:$HOME/.nvm/versions/node/*/bin"
    ":$HOME/.asdf/shims:$HOME/.local/share/mise/shims; asked=; "
    'for pair in "$@"; do name=${pair%%=*}; p=${pair#*=}; '
    'case $p in "~/"*) p=$HOME/${p#??};; esac; '
    'if [ -z "$p" ]; then p=$(seek "$name" "$places"); fi; '
    # The login shell is asked last, once: its start files may be slow.
    'if [ -z "$p" ] && [ -z "$asked" ] && [ -n "$SHELL" ]; then asked=1; '
    'login=$(limited "$SHELL" -lc env | grep ^PATH= | tail -n 1); login=${login#PATH=}; fi; '
    'if [ -z "$p" ]; then p=$(seek "$name" "$login"); fi; '
    'if [ -n "$p" ]; then p=$(native "$p"); echo "agent.$name.path=$p"; '
    'echo "agent.$name.version=$(limited "$p" --version | head -n 1)"; fi; done; '
    f'echo "{MARKER}-end=1"'
)
"""POSIX sh, for dash, busybox, bash and macOS; arguments are `name=path` or `name=`. Written
without newline, single quote, backslash and exclamation mark, so that one pair of single quotes
carries it through any login shell, csh and fish too."""

POWERSHELL_SCRIPT = """\
$ErrorActionPreference = 'SilentlyContinue'
'fleet-probe=1'
"hostname=$env:COMPUTERNAME"
"system=Windows $([Environment]::OSVersion.Version)"
"home=$HOME"
"disk-free=$((Get-Item $HOME).PSDrive.Free)"
$boot = (Get-CimInstance Win32_OperatingSystem).LastBootUpTime
"uptime=$([int]((Get-Date) - $boot).TotalSeconds)"
foreach ($pair in $agents) {
  $name, $path = $pair -split '=', 2
  if (-not $path) {
    $found = Get-Command $name -CommandType Application | Select-Object -First 1
    $path = $found.Source
  }
  if (-not $path) { $path = "$HOME\\.local\\bin\\$name.exe" }
  if (Test-Path $path) {
    "agent.$name.path=$path"
    "agent.$name.version=$(& $path --version | Select-Object -First 1)"
  }
}
'fleet-probe-end=1'
"""
"""The same for Windows PowerShell 5.1 and later, after a line that sets `$agents`. Untested: no
Windows machine was at hand."""
