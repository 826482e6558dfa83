"""GPUs as DCGM measures them: the panels that NVIDIA's own board (12239) has, and the video encoder."""

from tests.setup.dashboards.board import Board, Row, Variable
from tests.setup.dashboards.panels import curves, gauge, rising, runbook, stat

NODE = Variable("node", "Node", "label_values(DCGM_FI_DEV_GPU_TEMP, Hostname)", many=True)
GPU = Variable("gpu", "GPU", 'label_values(DCGM_FI_DEV_GPU_TEMP{Hostname=~"$node"}, gpu)', many=True)

CHOSEN = 'Hostname=~"$node", gpu=~"$gpu"'
LEGEND = "{{Hostname}} · {{gpu}}"


def _each(field: str) -> tuple[tuple[str, str]]:
    """Return a field of every GPU; an exporter's restart must not draw a second curve."""
    return ((f"max by (Hostname, gpu) ({field}{{{CHOSEN}}})", LEGEND),)


NUMBERS = Row(
    5,
    (
        (
            4,
            stat(
                "GPUs",
                "GPUs that DCGM sees.",
                f"count(count by (Hostname, gpu) (DCGM_FI_DEV_GPU_TEMP{{{CHOSEN}}}))",
                instant=True,
            ),
        ),
        (
            4,
            gauge(
                "Temperature",
                "Mean of all GPUs; most slow down above 85 °C.",
                f"avg(DCGM_FI_DEV_GPU_TEMP{{{CHOSEN}}})",
                "celsius",
                min=0,
                max=100,
                decimals=0,
                steps=rising(75, 85),
            ),
        ),
        (
            4,
            stat(
                "Power",
                "Of all GPUs together.",
                f"sum(max by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE{{{CHOSEN}}}))",
                "watt",
                decimals=0,
            ),
        ),
        (
            4,
            runbook(
                gauge(
                    "Busiest encoder",
                    "Of the GPU whose video encoder has the most to do.",
                    f"max(DCGM_FI_DEV_ENC_UTIL{{{CHOSEN}}})",
                    "percent",
                    min=0,
                    max=100,
                    decimals=0,
                    steps=rising(75, 90),
                ),
                "PixelstreamEncoderSaturated",
            ),
        ),
        (
            4,
            gauge(
                "Frame buffer",
                "Memory in use, of all GPUs together.",
                f"""100 * sum(DCGM_FI_DEV_FB_USED{{{CHOSEN}}})
                / (sum(DCGM_FI_DEV_FB_USED{{{CHOSEN}}}) + sum(DCGM_FI_DEV_FB_FREE{{{CHOSEN}}}))""",
                "percent",
                min=0,
                max=100,
                decimals=0,
                steps=rising(80, 92),
            ),
        ),
        (
            4,
            stat(
                "GPUs with XID errors",
                "GPUs whose driver reported an error; its number is in the kernel's log.",
                f"count(DCGM_FI_DEV_XID_ERRORS{{{CHOSEN}}} > 0) or vector(0)",
                steps=rising(1, 2),
                instant=True,
            ),
        ),
    ),
)

BOARD = Board(
    "gpu",
    "GPU",
    "GPUs as DCGM measures them. Under time-slicing it can't tell which pod uses one: all is by GPU.",
    (
        NUMBERS,
        Row(
            9,
            (
                (
                    6,
                    curves(
                        "Temperature", "Of each GPU.", _each("DCGM_FI_DEV_GPU_TEMP"), "celsius", many=True
                    ),
                ),
                (
                    6,
                    curves(
                        "Power", "Of each GPU.", _each("DCGM_FI_DEV_POWER_USAGE"), "watt", many=True, min=0
                    ),
                ),
                (
                    6,
                    curves(
                        "SM clock",
                        "Of the multiprocessors; a fall under load is throttling by heat or power.",
                        ((f"1e6 * max by (Hostname, gpu) (DCGM_FI_DEV_SM_CLOCK{{{CHOSEN}}})", LEGEND),),
                        "hertz",
                        many=True,
                        min=0,
                    ),
                ),
                (
                    6,
                    curves(
                        "Utilisation",
                        "Share of the time in which something ran on the GPU.",
                        _each("DCGM_FI_DEV_GPU_UTIL"),
                        "percent",
                        many=True,
                        min=0,
                        max=100,
                    ),
                ),
            ),
        ),
        Row(
            9,
            (
                (
                    6,
                    runbook(
                        curves(
                            "Video encoder",
                            "NVENC, which makes the streams; above 90 % frames come late.",
                            _each("DCGM_FI_DEV_ENC_UTIL"),
                            "percent",
                            many=True,
                            min=0,
                            max=100,
                            steps=((None, "green"), (90, "red")),
                        ),
                        "PixelstreamEncoderSaturated",
                    ),
                ),
                (
                    6,
                    curves(
                        "Frame buffer used",
                        "Memory of each GPU; what runs out of it crashes.",
                        ((f"1048576 * max by (Hostname, gpu) (DCGM_FI_DEV_FB_USED{{{CHOSEN}}})", LEGEND),),
                        "bytes",
                        many=True,
                        min=0,
                    ),
                ),
                (
                    6,
                    curves(
                        "Memory copying",
                        "Share of the time in which memory was read or written.",
                        _each("DCGM_FI_DEV_MEM_COPY_UTIL"),
                        "percent",
                        many=True,
                        min=0,
                        max=100,
                    ),
                ),
                (
                    6,
                    curves(
                        "Tensor cores",
                        "Share of cycles in which they are busy (DLSS); only data centre GPUs tell it.",
                        ((f"max by (Hostname, gpu) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{CHOSEN}}})", LEGEND),),
                        "percentunit",
                        many=True,
                        min=0,
                        max=1,
                    ),
                ),
            ),
        ),
    ),
    variables=(NODE, GPU),
)
