//! Which move on the ladder each event of an order asks for.

use super::event::Event;
use super::sheet::milestone_move;
use super::status::Move;

pub(super) const fn leads_to(event: &Event) -> Option<Move> {
    match event {
        Event::Clarifying => Some(Move::Clarify),
        Event::InReview => Some(Move::Review),
        Event::Released { .. } => Some(Move::Release),
        Event::Replanned { remade: true, .. } => Some(Move::Remake),
        Event::Reported { milestone, applied: true, .. } | Event::Applied { milestone } => {
            Some(milestone_move(*milestone))
        }
        Event::Held { .. } => Some(Move::Hold),
        Event::Resumed => Some(Move::Resume),
        Event::LetGo { rest: true, .. } => Some(Move::SendRest),
        Event::Rejected { .. } => Some(Move::Reject),
        Event::Cancelled { .. } => Some(Move::Cancel),
        Event::Closed => Some(Move::Close),
        Event::Appealed { .. } => Some(Move::Appeal),
        Event::Received { .. }
        | Event::Entered { .. }
        | Event::Corrected { .. }
        | Event::Checked { .. }
        | Event::ReviewOpened { .. }
        | Event::ReviewDecided { .. }
        | Event::ReviewWithdrawn { .. }
        | Event::ReviewOverdue { .. }
        | Event::ReviewSigned { .. }
        | Event::ReviewAssigned { .. }
        | Event::ReviewerAdded { .. }
        | Event::ReviewBound { .. }
        | Event::ReviewRestarted { .. }
        | Event::Stopped { .. }
        | Event::LetGo { rest: false, .. }
        | Event::GuaranteeBroken { .. }
        | Event::Conditioned { .. }
        | Event::Merged { .. }
        | Event::Amended { .. }
        | Event::Replanned { remade: false, .. }
        | Event::Charged { .. }
        | Event::Numbered { .. }
        | Event::GateOpened { .. }
        | Event::Told { .. }
        | Event::Asked(_)
        | Event::Reminded { .. }
        | Event::Unanswered { .. }
        | Event::Answered { .. }
        | Event::Reported { applied: false, .. }
        | Event::MasterChanged(_) => None,
    }
}
