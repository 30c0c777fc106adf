"""Row: Tsung, by a generated configuration.

What it does not do: it neither parses what it receives nor acknowledges it, so its figure is that
of reading bytes and throwing them away. It does not read links either: topics are written down, and
answers are awaited but not looked at.
"""

from xml.sax.saxutils import escape

__all__ = ["configuration"]

_USER_TOPICS = (
    "",
    ".elements",
    ".features",
    ".styles",
    ".channels",
    ".messages",
    ".read_receipts",
    ".notifications",
    ".contacts",
    ".participants",
    ".users",
    ".reactions",
    ".threads",
    ".calls",
)
_CHANNEL_TOPICS = (
    ".messages",
    ".keystrokes",
    ".typing",
    ".participants",
    ".read_receipts",
    ".reactions",
    ".events",
    ".members",
    ".block_records",
    ".moderators",
)
_ARRIVALS_PER_S = 500
_RUN_S = 600


def configuration(*, port: int, devices: int, channel_size: int) -> str:
    """Return the XML of a run that starts ``devices`` devices and lets them listen."""
    channels = -(-devices // channel_size)
    requests = "\n".join(_start_up())
    return f"""<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd" []>
<tsung loglevel="error" version="1.0">
  <clients><client host="localhost" use_controller_vm="true" maxusers="{devices + 10}"/></clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="{_RUN_S}" unit="second">
      <users maxnumber="{devices}" arrivalrate="{_ARRIVALS_PER_S}" unit="second"/>
    </arrivalphase>
  </load>
  <sessions>
    <session name="device" probability="100" type="ts_websocket">
      <setdynvars sourcetype="eval" code="fun({{Pid,DynVars}}) -&gt; [0] end.">
        <var name="nul"/>
      </setdynvars>
      <setdynvars sourcetype="eval" code="fun({{Pid,DynVars}}) -&gt;
          {{ok,Id}}=ts_dynvars:lookup(tsung_userid,DynVars), Id rem {channels} + 1 end.">
        <var name="channel"/>
      </setdynvars>
      <request>
        <websocket type="connect" path="/rtm/websocket?api-key=benchmark"
          subprotocols="v12.stomp"/>
      </request>
{requests}
      <thinktime value="{_RUN_S}"/>
    </session>
  </sessions>
</tsung>
"""


def _start_up() -> list[str]:
    connect = (
        "CONNECT\nStompX-User:device-%%_tsung_userid%%\n"
        "StompX-User-Agent:ChatKitty-ChatUI/2.106.2\naccept-version:1.2\n"
        "heart-beat:60000,10000"
    )
    user = "/topic/users/%%_tsung_userid%%"
    channel = "/topic/channels/%%_channel%%"
    requests = [
        _request(connect, awaited=True),
        _relay(1, "/application/user.relay"),
        _request(_bare(2, "/user/queue/errors"), awaited=False),
        _relay(3, "/application/user.write_file_access_grant.relay"),
        _relay(4, "/application/user.read_file_access_grant.relay"),
    ]
    requests += _topics(100, [user + name for name in _USER_TOPICS])
    requests.append(_relay(5, "/application/channels/%%_channel%%.relay"))
    requests += _topics(200, [channel])
    requests += _topics(201, [channel + name for name in _CHANNEL_TOPICS])
    return requests


def _topics(first: int, destinations: list[str]) -> list[str]:
    """Subscribe all at once, and wait for an answer behind the last."""
    last = len(destinations) - 1
    return [
        _request(_topic(first + index, destination), awaited=index == last)
        for index, destination in enumerate(destinations)
    ]


def _relay(number: int, destination: str) -> str:
    return _request(_bare(number, destination), awaited=True)


def _bare(number: int, destination: str) -> str:
    return f"SUBSCRIBE\nid:{_identifier('subscription-id', number)}\ndestination:{destination}"


def _topic(number: int, destination: str) -> str:
    return (
        f"SUBSCRIBE\nid:{_identifier('subscription-id', number)}\n"
        f"receipt:{_identifier('receipt', number)}\n"
        f"ack:client-individual\ndestination:{destination}"
    )


def _identifier(kind: str, number: int) -> str:
    return f"{kind}-00000000-0000-4000-8000-{number:012d}"


def _request(frame: str, *, awaited: bool) -> str:
    # XML cannot hold a NUL, so the end of each frame is a variable.
    ack = "parse" if awaited else "no_ack"
    text = escape(frame) + "\n\n%%_nul%%"
    return (
        f'      <request subst="true"><websocket type="message" ack="{ack}">'
        f"<![CDATA[{text}]]></websocket></request>"
    )
