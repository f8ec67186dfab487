"""The E2E data-ID lists of the messages we send: the one table that sender and receivers share.

Made by the rule `e2e.data_ids_of(frame id)`, spelled out here so that whoever builds a receiver can
copy them. Unique: no two messages share an entry at any counter (tests/vehicle/test_e2e.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DATA_IDS: Mapping[str, bytes] = MappingProxyType(
    {
        "AEB": bytes.fromhex("f0 df ae 81 4c 63 12 3d a7 88 f9 d6 1b 34 45 6a"),
        "LKA": bytes.fromhex("19 36 47 68 a5 8a fb d4 4e 61 10 3f f2 dd ac 83"),
        "ACC": bytes.fromhex("0d 22 53 7c b1 9e ef c0 5a 75 04 2b e6 c9 b8 97"),
        "LEAD": bytes.fromhex("b9 96 e7 c8 05 2a 5b 74 ee c1 b0 9f 52 7d 0c 23"),
        "LEAD_MOTION": bytes.fromhex("50 7f 0e 21 ec c3 b2 9d 07 28 59 76 bb 94 e5 ca"),
        "LANES": bytes.fromhex("44 6b 1a 35 f8 d7 a6 89 13 3c 4d 62 af 80 f1 de"),
        "LANE_LEFT": bytes.fromhex("ad 82 f3 dc 11 3e 4f 60 fa d5 a4 8b 46 69 18 37"),
        "LANE_RIGHT": bytes.fromhex("6c 43 32 1d d0 ff 8e a1 3b 14 65 4a 87 a8 d9 f6"),
        "LDW": bytes.fromhex("85 aa db f4 39 16 67 48 d2 fd 8c a3 6e 41 30 1f"),
        "BSD": bytes.fromhex("91 be cf e0 2d 02 73 5c c6 e9 98 b7 7a 55 24 0b"),
        "OBJECTS": bytes.fromhex("78 57 26 09 c4 eb 9a b5 2f 00 71 5e 93 bc cd e2"),
        "APA_STATUS": bytes.fromhex("53 7c 0d 22 ef c0 b1 9e 04 2b 5a 75 b8 97 e6 c9"),
        "STATUS": bytes.fromhex("eb c4 b5 9a 57 78 09 26 bc 93 e2 cd 00 2f 5e 71"),
        "ACC_HUD": bytes.fromhex("02 2d 5c 73 be 91 e0 cf 55 7a 0b 24 e9 c6 b7 98"),
        "TRAFFIC_LIGHT": bytes.fromhex("16 39 48 67 aa 85 f4 db 41 6e 1f 30 fd d2 a3 8c"),
        "ALERT": bytes.fromhex("ff d0 a1 8e 43 6c 1d 32 a8 87 f6 d9 14 3b 4a 65"),
    }
)
