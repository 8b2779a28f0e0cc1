"""The programs the doctor runs on a host: they look, and neither change nor repair anything.

No value of a variable, no password and no private key leaves the host: names, line numbers,
permission bits and fingerprints do. (An agent that is asked for its login state keeps its own
bookkeeping in its own folder, as it always does.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.probe import probe_line
from fleet_tui.transport.shell import quote, sh_line

if TYPE_CHECKING:
    from fleet_tui.model.host import Host

MARKER = "fleet-doctor"

CLOCK_LINE = "date +%s.%N"
"""Understood by every login shell; a `date` without %N answers with whole seconds and a letter."""

CLAUDE_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
CODEX_VARIABLES = ("CODEX_API_KEY", "OPENAI_API_KEY")

CLAUDE_OPTIONS = (
    "--dangerously-skip-permissions",
    "--disable-slash-commands",
    "--disallowedTools",
    "--include-partial-messages",
    "--input-format",
    "--max-budget-usd",
    "--model",
    "--output-format",
    "--permission-mode",
    "--replay-user-messages",
    "--restricted",
    "--session-id",
    "--setting-sources",
    "--settings",
    "--strict-mcp-config",
    "--tools",
    "--verbose",
)
"""What runs are started with and `claude --help` names (of what it is given it keeps quiet about
`--max-turns` and `--permission-prompt-tool`)."""
CODEX_OPTIONS = (
    "--dangerously-bypass-approvals-and-sandbox",
    "--json",
    "--sandbox",
    "--skip-git-repo-check",
)

_HELPERS = """\
if timeout 10 true 2>/dev/null; then limited() { timeout 10 "$@" </dev/null; }
elif command -v perl >/dev/null 2>&1; then
  limited() { perl -e 'alarm 10; exec @ARGV' "$@" </dev/null; }
else limited() { "$@" </dev/null; }; fi
folder() {
  if [ ! -e "$2" ]; then echo "$1=missing"
  elif [ ! -d "$2" ]; then echo "$1=no-folder"
  elif [ ! -x "$2" ] || [ ! -r "$2" ]; then echo "$1=closed"
  elif [ ! -w "$2" ]; then echo "$1=read-only"
  else echo "$1=ok"; fi
}
show() {
  set -- "$1" "$2" $(ls -ldnL "$2" 2>/dev/null)
  if [ -n "$3" ]; then echo "file=$1 $3 $5 $2"; fi
}
"""

_ENVIRONMENT = """\
echo "uid=$(id -u)"; echo "shell=$SHELL"; echo "path=$PATH"
for name in $variables; do
  eval "value=\\${$name-}"
  if [ -n "$value" ]; then echo "variable=$name"; fi
done
echo "variables=known"
for file in .bashrc .bash_profile .bash_login .profile .zshenv .zshrc .zprofile .zlogin \\
  .config/fish/config.fish; do
  if [ ! -f "$HOME/$file" ] || [ ! -r "$HOME/$file" ]; then continue; fi
  for name in $variables; do
    value="([^[:space:]\\"']|\\"[^\\"]|'[^'])"
    place=$(grep -nE "^[[:space:]]*((export|declare -x|typeset -x)[[:space:]]+)?$name=$value|\
^[[:space:]]*set[[:space:]]+(-[A-Za-z]+[[:space:]]+)+$name[[:space:]]+$value" \\
      "$HOME/$file" 2>/dev/null | head -n 1)
    if [ -n "$place" ]; then echo "hidden=$name ${place%%:*} ~/$file"; fi
  done
done
if command -v git >/dev/null 2>&1; then echo "git=yes"; else echo "git=no"; fi
"""

_FOLDERS = """\
folder home-folder "$HOME"
case $workdir in "~") workdir=$HOME;; "~/"*) workdir=$HOME/${workdir#??};; esac
if [ -n "$workdir" ]; then folder workdir "$workdir"; fi
claude_home=${CLAUDE_CONFIG_DIR:-$HOME/.claude}
folder claude-home "$claude_home"
if grep -q claudeAiOauth "$claude_home/.credentials.json" 2>/dev/null; then
  echo "stored-login=yes"
fi
"""

_AGENTS = """\
agent() {
  p=$(printf '%s\\n' "$probe" | sed -n "s/^agent\\.$1\\.path=//p")
  if [ -z "$p" ]; then return; fi
  if command -v "$1" >/dev/null 2>&1; then echo "agent.$1.on-path=yes"; fi
  version=$(printf '%s\\n' "$probe" | sed -n "s/^agent\\.$1\\.version=//p")
  case $version in *[0-9].[0-9]*) ;; *)
    echo "agent.$1.fault=$(limited "$p" --version 2>&1 | head -n 1 | cut -c1-300)"; return;; esac
  case $1 in codex) help=$(limited "$p" exec --help 2>/dev/null);;
    *) help=$(limited "$p" --help 2>/dev/null);; esac
  case $help in *--*) echo "agent.$1.help=yes"
    for option in $2; do case $help in *"$option"*) ;; *) echo "agent.$1.lacks=$option";; esac; done
    ;; esac
  case $1 in claude)
    # A claude without this command would take its name for a prompt, and run it for money.
    if printf '%s\\n' "$help" | grep -qE '^ +auth( |$)'; then
      said=$(limited "$p" auth status 2>/dev/null); echo "agent.claude.login=$?"
      method=$(printf '%s\\n' "$said" | sed -n 's/.*"authMethod": *"\\([A-Za-z_.-]*\\)".*/\\1/p')
      echo "agent.claude.method=$method"
    fi;;
  codex) limited "$p" login status >/dev/null 2>&1; echo "agent.codex.login=$?";; esac
}
export DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
printf '%s\\n' "$probe"
agent claude "$claude_options"
agent codex "$codex_options"
"""

_SSHD = """\
pid=$PPID; listener=; config=
for step in 1 2 3 4 5 6; do
  case $pid in ""|0|1|*[!0-9]*) break;; esac
  line=$(ps -o args= -p "$pid" 2>/dev/null)
  case $line in *sshd*"[listener]"*) listener=$line; break;; esac
  pid=$(ps -o ppid= -p "$pid" 2>/dev/null | tr -d ' ')
done
echo "sshd-port=${SSH_CONNECTION##* }"
if [ -n "$listener" ]; then
  echo "sshd-listener=$listener"
  config=$(printf '%s\\n' "$listener" | sed -n 's/.* -f \\([^ ]*\\) .*/\\1/p')
fi
program=
for place in "$(command -v sshd)" /usr/sbin/sshd /usr/local/sbin/sshd /opt/homebrew/sbin/sshd; do
  if [ -z "$program" ] && [ -x "$place" ]; then program=$place; fi
done
wanted="maxsessions|maxstartups|authorizedkeysfile|port"
account=$(id -un)
settings=
if [ -n "$program" ]; then
  settings=$(limited "$program" -T ${config:+-f "$config"} \\
    -C "user=$account,host=localhost,addr=${SSH_CONNECTION%% *}" 2>/dev/null |
    grep -iE "^($wanted) " | head -n 20)
fi
read_config() {
  if [ ! -r "$1" ] || [ "$2" -gt 8 ]; then echo "sshd-unread=$1"; return; fi
  matched=no
  while read -r word rest; do
    case $word in
      [Mm][Aa][Tt][Cc][Hh]) matched=yes;;
      [Ii][Nn][Cc][Ll][Uu][Dd][Ee])
        for pattern in $rest; do
          case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern;; esac
          for included in $pattern; do
            if [ -e "$included" ]; then (read_config "$included" $(($2 + 1))); fi
          done
        done;;
      *) if printf '%s\\n' "$word" | grep -qiE "^($wanted)(=|\\$)"; then
          echo "sshd-$matched=$word $rest"; fi;;
    esac
  done <"$1"
}
if [ -n "$settings" ]; then
  printf '%s\\n' "$settings" | sed 's/^/sshd-no=/'; echo "sshd-read=yes"
else
  config=${config:-/etc/ssh/sshd_config}
  if [ -r "$config" ]; then
    settings=$(read_config "$config" 1)
    printf '%s\\n' "$settings" | head -n 60; echo "sshd-read=yes"
  fi
fi
authorized=$(printf '%s\\n' "$settings" | sed -n 's/^sshd-no=//; s/^[Aa][^ ]*[Kk]eys[Ff]ile //p' |
  head -n 1)
"""

_SSH_FILES = """\
show home "$HOME"; show ssh "$HOME/.ssh"; show config "$HOME/.ssh/config"
for file in "$HOME"/.ssh/*; do
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then continue; fi
  if head -n 1 "$file" 2>/dev/null | grep -q 'PRIVATE KEY'; then
    show private "$file"
    set -- $(limited ssh-keygen -lf "$file" 2>/dev/null | head -n 1)
    if [ -n "$2" ]; then echo "key=$2 $file"; fi
  fi
done
for file in ${authorized:-.ssh/authorized_keys .ssh/authorized_keys2}; do
  file=$(printf '%s\\n' "$file" | sed "s|%h|$HOME|g; s|%u|$account|g; s|%%|%|g")
  case $file in /*) ;; *) file=$HOME/$file;; esac
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then continue; fi
  show authorized "$file"
  echo "authorized-file=$file"
  grep -nE '^[^#]' "$file" 2>/dev/null | head -n 100 | cut -c1-4000 | sed 's/^/authorized=/'
done
"""


def doctor_line(host: Host) -> str:
    """Return the command line that asks a POSIX host everything but its clock."""
    exports = [f"export {name}={quote(value)}" for name, value in host.env.items()]
    head = [
        *exports,
        f"workdir={quote(host.workdir or '')}",
        f"variables={quote(' '.join((*CLAUDE_VARIABLES, *CODEX_VARIABLES)))}",
        f"claude_options={quote(' '.join(CLAUDE_OPTIONS))}",
        f"codex_options={quote(' '.join(CODEX_OPTIONS))}",
        f"echo {MARKER}=1",
        f"probe=$({probe_line(host.agent_paths)})",
    ]
    body = _HELPERS + _ENVIRONMENT + _FOLDERS + _AGENTS + _SSHD + _SSH_FILES
    return sh_line("\n".join([*head, body, f"echo {MARKER}-end=1"]))
