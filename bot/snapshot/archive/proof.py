"""What a check of snapshots proves, in the words that `verify`, `report` and `export` use."""

from enum import StrEnum


class Proof(StrEnum):
    """The result of a check without findings; the words are those of `VERIFY.md`."""

    INTACT = "INTACT"
    SIGNED = "CONSISTENT, SIGNED"
    CONSISTENT = "CONSISTENT ONLY; not signed by a key you named"


def choose_proof(*, is_signer_checked: bool, has_witness: bool, is_replayed: bool) -> Proof:
    """Return what a check without findings proves.

    *is_signer_checked*: the head is signed by a key that the reader named. *has_witness*: the head descends from a head
    that was published elsewhere. *is_replayed*: the log was replayed against the manifests of the whole tree.
    """
    if not is_signer_checked:
        return Proof.CONSISTENT
    return Proof.INTACT if has_witness and is_replayed else Proof.SIGNED
