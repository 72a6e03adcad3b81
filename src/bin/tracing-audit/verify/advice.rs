//! What to do about a finding.

use tracing_audit::verify::{FindingKind, Rewrite, Verdict};

#[allow(clippy::too_many_lines)] // one each
pub(super) fn advice(kind: &FindingKind) -> &'static str {
    match kind {
        FindingKind::NoPinnedKey { .. } => {
            "Pin the log's first key: give it with --key, from a place that the log's writer can't change."
        }
        FindingKind::NotPinned { .. } => {
            "Is it the key of this log? If it is, these files are a forgery, or of another log."
        }
        FindingKind::NotEndorsed { .. } => {
            "Is it a log of the fleet? Then its key was not endorsed before it began: pin it. Else it is a forgery, or of another."
        }
        FindingKind::EndorsementMissing { .. } => {
            "Give the log's `.keys` file too, or its first line: the endorsement stands in it. Or pin its key."
        }
        FindingKind::OriginDiffers { .. } => {
            "Was the service given another name? Then begin a new log: a name is for a log's life. Else somebody lets it pass \
             for another."
        }
        FindingKind::LogMissing { .. } => {
            "Was it moved or deleted? Give its path, or get it from a backup. A file that a tool wrote again (`jq`, a spreadsheet) \
             is none of a log: give it with --shipped."
        }
        FindingKind::UnsignedEnd { .. } => {
            "Did the writer die here, or is it stopped? It attests these bytes when it starts again. Trust no line of them."
        }
        FindingKind::FilesMissing { from, to } if from == to => {
            "Was it archived or moved? Give its path too. If it is nowhere, somebody deleted it: get it from a backup or from where \
             lines are shipped."
        }
        FindingKind::FilesMissing { .. } => {
            "Were they archived or moved? Give their path too. If they are nowhere, somebody deleted them: get them from a backup or \
             from where lines are shipped."
        }
        FindingKind::NextFileMissing { .. } => {
            "Was it archived or moved? Give its path too. If it is nowhere, get it from a backup or from where lines are shipped."
        }
        FindingKind::EndMissing { .. } => {
            "Give all files of the log; if they are gone, get them from a backup or from where lines are shipped."
        }
        FindingKind::StartMissing { .. } => {
            "Give the older files too, or say --part where they are elsewhere and only these are asked; if they are gone, somebody deleted them and not the log's own retention."
        }
        FindingKind::KeyNotProved { .. } => {
            "Give the folder with the log's `.keys` file, or the older files: they hold the hand-offs."
        }
        FindingKind::Gone { .. } => {
            "Look for the file under another name, and for what moved or cut it: logrotate with copytruncate does."
        }
        FindingKind::Silent { closed: true, .. } => {
            "Was it to be started again, or does another log go on from it? Nothing is written to a log that was closed."
        }
        FindingKind::Silent { closed: false, .. } => {
            "Is the writer running? It signs a hand-off every 15 minutes, idle or not."
        }
        FindingKind::Disputed { .. } => {
            "A key was in two hands: look for a second copy of the key store. The log on its host tells which branch is its own."
        }
        FindingKind::MemberDiffers { .. } => {
            "If the line is proved, believe the line; if not, neither of them. Who may change the store's documents, or its \
             parser? Search what else they changed."
        }
        FindingKind::OtherHandOff { .. } => {
            "Look for a second copy of the key store: a restored backup, a cloned machine."
        }
        FindingKind::HeadBehind { .. } | FindingKind::HeadNotFound { .. } => {
            "Lines that were there once are not there now: compare with a backup or with where lines are shipped."
        }
        FindingKind::Nothing => {
            "Is it the right path? Folders within it are not searched; exports and what shippers relayed need \
                                 --shipped. If logs were here, they are gone."
        }
        // No signature was checked: anybody can have written such a line.
        FindingKind::NotTheHandOff { .. }
        | FindingKind::BeforeHandOff { .. }
        | FindingKind::AfterHandOff { .. } => {
            "Somebody wrote it, with a key of this log or with none. Keep all files as they are, and compare with what was \
             shipped. If its signature is good, somebody has that key: change the service's host and its key store."
        }
        FindingKind::TwoHandOffs { .. }
        | FindingKind::HandOffDiffers { .. }
        | FindingKind::HandOffNotNamed
        | FindingKind::FileBeforeHandOff { .. } => {
            "Somebody has a key of this log and used it where another was in force. Keep all files as they are; change the \
             service's host and its key store, and compare with what was shipped."
        }
        FindingKind::NotTorn { .. } => {
            "Signed records were taken for torn bytes. Keep the file: what was written stands in it, unproved. Look for who \
             could write it while the service was down."
        }
        FindingKind::PowerCut { .. } => {
            "Did the machine lose power, or start again? Look at its own log, or uptime, first. If it did, start the service: \
             it attests these bytes, and they are given up. If it did not, somebody wrote the zeros: keep the file as it is."
        }
        FindingKind::NotFromStart { .. } => {
            "Give the older files too. If retention was to keep them all, somebody deleted them: the latest key alone may claim that retention did."
        }
        FindingKind::Losses { .. } => {
            "Look for each crash in the service's own log, and for what it was doing then."
        }
        FindingKind::FromTheFuture { .. } => {
            "Compare the clocks of both machines. If they agree, a forged line may hide that the log has ended."
        }
        FindingKind::NotSucceeded { .. } => {
            "Is it the right log? `tracing-audit keys recover` makes one that says so."
        }
        FindingKind::NeedsVersion { .. } => "Verify it with a newer version of this command.",
        FindingKind::Rewritten { how, .. } => match how.first() {
            Some(Rewrite::LineEnds | Rewrite::ByteOrderMark) => {
                "Keep the file as it is, and verify a copy after `dos2unix`. What copied it as text, or which editor saved it?"
            }
            Some(Rewrite::Joined) => {
                "`--shipped` takes files that were joined. Keep the file as it is; the log's own files, or a backup of them, are better."
            }
            Some(Rewrite::Reordered) => {
                "`--shipped` takes lines in any order, doubled too. Keep the file as it is; the log's own, or a backup of it, is better."
            }
            _ => {
                "`--shipped` brings lines back whose JSON was spelled otherwise. Keep the file as it is; the log's own is better."
            }
        },
        FindingKind::Unreadable { .. } => "Keep the file as it is, and compare it with a backup.",
        FindingKind::SuccessionDiffers { .. } => {
            "Compare its end with a backup from the time at which its keys were lost, and the new log began."
        }
        FindingKind::NotRestored { .. } => {
            "Have the shipper relay the raw line, unparsed: docs/SHIPPING.md says how. The log itself has it."
        }
        FindingKind::Conflict { .. } => {
            "At most one of them was written: the log itself, or its copies, say which."
        }
        FindingKind::Forked { .. } => {
            "Look for a second copy of the key store: a restored backup, a cloned machine, a thief."
        }
        FindingKind::NotGiven { .. } => {
            "Did the shipper lose them, or the query leave them out? Verify the log where it was written."
        }
        FindingKind::Unproved { .. } => {
            "The next signature proves them: ask again later, or for more of the log."
        }
        FindingKind::HandOffMissing { .. } => {
            "Give the log's `.keys` file too, or all lines of kind `handoff` that the store has."
        }
        FindingKind::Undecodable { .. } => {
            "Test it with `gzip -t` or `zstd -t`; if it is damaged, get it from a backup, and verify again."
        }
        FindingKind::FileTwice { .. } => {
            "At most one of them is the log's, and the other is no copy of it: keep both, and look where they came from."
        }
        FindingKind::Packed { .. } => {
            "Or move it out of the folder, if it is no file of a log. Then verify again."
        }
        FindingKind::MaybePacked { .. } => "Unpack what is packed first: nothing is called missing before.",
        kind if kind.verdict() == Verdict::Tampered => {
            "Keep the file as it is: it is evidence. Compare it with a backup or with where lines are shipped."
        }
        _ => "Verify it with a newer version of this command.",
    }
}
