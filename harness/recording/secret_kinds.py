"""What must never be written down, kind by kind: one table for the scan and for its tests.

``form`` tells what one looks like (``<w24>`` are 24 random characters of an alphabet) and makes
examples for tests; none of them was ever issued. Where there is no ``pattern``, nothing but its
place gives such a value away: the allow-list of :mod:`.policy` is all there is against those.
"""

# ruff: noqa: E501 — a row of the table is a line
from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "SecretKind", "example"]


@dataclass(frozen=True, slots=True)
class SecretKind:
    """One kind of secret: its name, its form, and how it is recognised anywhere."""

    name: str
    form: str
    pattern: re.Pattern[str] | None


_ALPHABETS: Final = {
    "w": "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    "b": "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_",
    "h": "0123456789abcdef",
    "d": "23456789",
    "u": "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    "l": "abcdefghijkmnopqrstuvwxyz",
}
_HOLE: Final = re.compile(r"<([wbhdul])(\d+)>")

_ROWS: Final = """
jwt                    eyJ<w30>.eyJ<w80>.<b43>          eyJ[A-Za-z0-9_-]{8,400}\\.[A-Za-z0-9_-]{8,}
jwt-of-two-parts       eyJ<w30>.<b60>.                  eyJ[A-Za-z0-9_-]{8,400}\\.[A-Za-z0-9_-]{8,}
openai-key             sk-<w48>                         \\bsk-[A-Za-z0-9_-]{16,}
openai-project-key     sk-proj-<b64>                    \\bsk-[A-Za-z0-9_-]{16,}
openai-service-key     sk-svcacct-<b64>                 \\bsk-[A-Za-z0-9_-]{16,}
openai-admin-key       sk-admin-<b64>                   \\bsk-[A-Za-z0-9_-]{16,}
openai-session-key     sess-<w40>                       \\bsess-[A-Za-z0-9]{24,}
anthropic-key          sk-ant-api03-<b90>               \\bsk-[A-Za-z0-9_-]{16,}
claude-access-token    sk-ant-oat01-<b90>               \\bsk-[A-Za-z0-9_-]{16,}
claude-refresh-token   sk-ant-ort01-<b90>               \\bsk-[A-Za-z0-9_-]{16,}
codex-refresh-token    rt_<b43>.<b43>                   \\brt[_.][A-Za-z0-9_-]{20,}
codex-personal-token   at-<w40>                         \\bat-[A-Za-z0-9_-]{24,}
authorization-code     ac_<b43>                         \\bac_[A-Za-z0-9_-]{20,}
bearer                 Bearer <b40>                     (?i)\\bbearer\\s+(?!REDACTED)[^\\s"',;:]{16,}
basic                  Basic <w40>==                    (?i)\\bbasic\\s+[A-Za-z0-9+/]{16,}={0,2}
github-token           ghp_<w36>                        \\bgh[pousr]_[A-Za-z0-9]{20,}
github-app-token       ghs_<w36>                        \\bgh[pousr]_[A-Za-z0-9]{20,}
github-oauth-token     gho_<w36>                        \\bgh[pousr]_[A-Za-z0-9]{20,}
github-fine-token      github_pat_<w22>_<w59>           \\bgithub_pat_[A-Za-z0-9_]{20,}
gitlab-token           glpat-<b20>                      \\bglpat-[A-Za-z0-9_-]{16,}
aws-key-id             AKIA<u16>                        \\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b
aws-session-key-id     ASIA<u16>                        \\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b
google-key             AIza<b35>                        \\bAIza[A-Za-z0-9_-]{30,}
google-token           ya29.<b60>                       \\bya29\\.[A-Za-z0-9_-]{20,}
slack-bot-token        xoxb-<d11>-<d11>-<w24>           \\bxox[abeprs]-[A-Za-z0-9-]{20,}
slack-user-token       xoxp-<d11>-<d11>-<w24>           \\bxox[abeprs]-[A-Za-z0-9-]{20,}
slack-webhook          https://hooks.slack.com/services/T<u8>/B<u8>/<w24>  hooks\\.slack\\.com/services/[A-Z0-9/a-z]{20,}
stripe-key             sk_live_<w24>                    \\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}
npm-token              npm_<w36>                        \\bnpm_[A-Za-z0-9]{24,}
pypi-token             pypi-AgEI<b80>                   \\bpypi-[A-Za-z0-9_-]{24,}
huggingface-token      hf_<w34>                         \\bhf_[A-Za-z0-9]{24,}
sendgrid-key           SG.<b22>.<b43>                   \\bSG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}
telegram-token         <d9>:<b35>                       \\b\\d{8,10}:[A-Za-z0-9_-]{32,}
private-key            -----BEGIN PRIVATE KEY-----<w64> -----BEGIN [A-Z ]*PRIVATE KEY-----
ssh-key                ssh-rsa AAAA<w68>                \\bssh-(?:rsa|ed25519) AAAA[A-Za-z0-9+/]{20,}
login-cookie           __Secure-next-auth.session-token=<w80>  next-auth\\.[a-z-]+=(?!REDACTED)[^;\\s]{8,}
cloudflare-cookie      __cf_bm=<b43>                    \\b(?:__cf_bm|cf_clearance|_cfuvid|__cflb)=(?!REDACTED)[^;\\s]{8,}
encrypted-content      gAAAAA<b96>                      \\bgAAAAA[A-Za-z0-9_-]{20,}
email                  <l9>.<l6>@<l8>.example.org       (?<=[A-Za-z0-9._%+-])@(?!example\\.(?:invalid|com)\\b)[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}
account-id             <h8>-<h4>-4<h3>-a<h3>-<h12>      (?<![0-9A-Za-z])(?!00000000-0000-)[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])
user-id                user-<w24>                       \\buser-(?=[A-Za-z]*\\d)(?!0+\\d{1,4}\\b)[A-Za-z0-9]{16,}
organisation-id        org-<w24>                        \\borg-(?=[A-Za-z]*\\d)(?!0+\\d{1,4}\\b)[A-Za-z0-9]{16,}
proxy-login            http://<l8>:<w20>@<l8>.example.org:3128  ://[^/\\s:@"]+:(?!REDACTED)[^/\\s@"]+@
ray-id                 <h16>-FRA                        \\b(?=[a-f]*\\d)(?=\\d*[a-f])[0-9a-f]{16}-[A-Z]{3}\\b
device-code            deviceauth_<h32>                 \\bdeviceauth_[0-9a-f]{24,}
entropy                <w12><d4><w24><b12>              -
code-verifier          <b20><d3><w20>                   -
password               <l5>-<d3>-<l6>                   -
workspace-name         <l9>_<l7>_gmbh                   -
person                 <l7><l9>                         -
prompt                 <l7>_<l9>_<l8>                   -
home-folder            /home/<l9>/<l8>                  -
host-name              <l8>.<l7>.internal               -
phone                  +49<d11>                         -
"""


def _kinds() -> Iterator[SecretKind]:
    for row in _ROWS.strip().splitlines():
        name, rest = row.split(None, 1)
        form, _, pattern = re.sub(r" {2,}", "\x00", rest.strip()).partition("\x00")
        if not pattern:
            # One blank between the two, where the form is a long one.
            form, _, pattern = rest.strip().rpartition(" ")
        yield SecretKind(name, form, None if pattern == "-" else re.compile(pattern))


#: Every kind that is known.
KINDS: Final = tuple(_kinds())


def example(kind: SecretKind, seed: int = 1) -> str:
    """One that was never issued; the same for the same seed."""
    chance = random.Random(f"{kind.name} {seed}")  # noqa: S311 — it guards nothing

    def fill(hole: re.Match[str]) -> str:
        return "".join(chance.choices(_ALPHABETS[hole[1]], k=int(hole[2])))

    return _HOLE.sub(fill, kind.form)
