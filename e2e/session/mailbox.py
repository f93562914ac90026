"""An SMTP server on loopback: prints its port, then each mail that it takes as one line of JSON."""

import asyncio
import json
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP


def say(what):
    print(json.dumps(what), flush=True)


class Mailbox:
    async def handle_DATA(self, _server, _session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        bodies = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
        say(
            {
                "from": str(mail["from"]),
                "to": envelope.rcpt_tos,
                "subject": str(mail["subject"]),
                **{kind: body.get_content() for kind, body in bodies.items() if body},
            }
        )
        return "250 OK"


async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Mailbox()), "127.0.0.1", 0)
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(main())
