//! The ladder of an order's status (DOMAIN: Following) and the one place where it moves.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A rung of the ladder, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// 已接收
    Received,
    /// 待确认
    Clarifying,
    /// 评审中
    InReview,
    /// 已下达
    Released,
    /// 生产中
    InProduction,
    /// 已完工
    Ready,
    /// 已发货
    Shipped,
    /// 已签收
    Delivered,
    /// 已开票
    Invoiced,
    /// 已收款
    Paid,
    /// 已完成
    Closed,
    /// 已归档
    Archived,
}

impl Rung {
    pub const ALL: [Self; 12] = [
        Self::Received,
        Self::Clarifying,
        Self::InReview,
        Self::Released,
        Self::InProduction,
        Self::Ready,
        Self::Shipped,
        Self::Delivered,
        Self::Invoiced,
        Self::Paid,
        Self::Closed,
        Self::Archived,
    ];
}

/// Where an order stands: on a rung, aside from one, or at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", content = "rung", rename_all = "snake_case")]
pub enum Status {
    On(Rung),
    /// 暂停: goes on from the rung it held.
    OnHold(Rung),
    /// 异常: goes on from the rung it held.
    Exception(Rung),
    /// 已拒绝
    Rejected,
    /// 已取消
    Cancelled,
}

impl Status {
    /// Every word that [`Status::as_str`] may give.
    pub const WORDS: [&str; 16] = [
        "received",
        "clarifying",
        "in_review",
        "released",
        "in_production",
        "ready",
        "shipped",
        "delivered",
        "invoiced",
        "paid",
        "closed",
        "archived",
        "on_hold",
        "exception",
        "rejected",
        "cancelled",
    ];

    /// The word used in JSON columns, filters and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On(Rung::Received) => "received",
            Self::On(Rung::Clarifying) => "clarifying",
            Self::On(Rung::InReview) => "in_review",
            Self::On(Rung::Released) => "released",
            Self::On(Rung::InProduction) => "in_production",
            Self::On(Rung::Ready) => "ready",
            Self::On(Rung::Shipped) => "shipped",
            Self::On(Rung::Delivered) => "delivered",
            Self::On(Rung::Invoiced) => "invoiced",
            Self::On(Rung::Paid) => "paid",
            Self::On(Rung::Closed) => "closed",
            Self::On(Rung::Archived) => "archived",
            Self::OnHold(_) => "on_hold",
            Self::Exception(_) => "exception",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The rung on which the order stands or to which it will come back; none at an end.
    #[must_use]
    pub const fn rung(self) -> Option<Rung> {
        match self {
            Self::On(rung) | Self::OnHold(rung) | Self::Exception(rung) => Some(rung),
            Self::Rejected | Self::Cancelled => None,
        }
    }

    /// Not yet released, and still to be decided.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.rung().is_some_and(|rung| rung < Rung::Released)
    }
}

/// What may move an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    Clarify,
    Review,
    Release,
    StartProduction,
    Finish,
    Ship,
    Deliver,
    Invoice,
    Pay,
    Close,
    Archive,
    Hold,
    Resume,
    RaiseException,
    ClearException,
    Reject,
    Cancel,
    /// A rejection is taken to the level above.
    Appeal,
    /// What was made is not what is wanted any more.
    Remake,
    /// Some lines have left; those that were held go after them.
    SendRest,
}

impl Move {
    pub const ALL: [Self; 20] = [
        Self::Clarify,
        Self::Review,
        Self::Release,
        Self::StartProduction,
        Self::Finish,
        Self::Ship,
        Self::Deliver,
        Self::Invoice,
        Self::Pay,
        Self::Close,
        Self::Archive,
        Self::Hold,
        Self::Resume,
        Self::RaiseException,
        Self::ClearException,
        Self::Reject,
        Self::Cancel,
        Self::Appeal,
        Self::Remake,
        Self::SendRest,
    ];
}

/// A move that an order can't make from where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an order that is {} can't {to:?}", from.as_str())]
pub struct CannotMove {
    pub from: Status,
    pub to: Move,
}

impl Status {
    /// Where `to` leads from here. The only place in which a status changes.
    pub fn after(self, to: Move) -> Result<Self, CannotMove> {
        let refused = Err(CannotMove { from: self, to });
        match self {
            Self::On(rung) => climb(rung, to).map_or(refused, Ok),
            Self::OnHold(rung) | Self::Exception(rung) => match (self, to) {
                (Self::OnHold(_), Move::Resume) | (Self::Exception(_), Move::ClearException) => {
                    Ok(Self::On(rung))
                }
                (Self::OnHold(_), Move::RaiseException) => Ok(Self::Exception(rung)),
                (Self::OnHold(_), Move::Reject) if rung < Rung::Released => Ok(Self::Rejected),
                (_, Move::Cancel) if rung < Rung::Shipped => Ok(Self::Cancelled),
                (Self::OnHold(_), Move::Remake) => match climb(rung, to) {
                    Some(Self::On(rung)) => Ok(Self::OnHold(rung)),
                    Some(_) | None => refused,
                },
                (
                    _,
                    Move::Clarify
                    | Move::Review
                    | Move::Release
                    | Move::StartProduction
                    | Move::Finish
                    | Move::Ship
                    | Move::Deliver
                    | Move::Invoice
                    | Move::Pay
                    | Move::Close
                    | Move::Archive
                    | Move::Hold
                    | Move::Resume
                    | Move::RaiseException
                    | Move::ClearException
                    | Move::Reject
                    | Move::Cancel
                    | Move::Appeal
                    | Move::Remake
                    | Move::SendRest,
                ) => refused,
            },
            Self::Rejected if to == Move::Appeal => Ok(Self::On(Rung::InReview)),
            Self::Rejected | Self::Cancelled => refused,
        }
    }
}

/// One step up the ladder, or aside from it. Goods from stock go from released straight to ready or shipped; an invoice
/// may follow the shipment before the receipt is back.
fn climb(from: Rung, to: Move) -> Option<Status> {
    use Rung::{
        Archived, Clarifying, Closed, Delivered, InProduction, InReview, Invoiced, Paid, Ready, Received,
        Released, Shipped,
    };
    let rung = match (from, to) {
        (Received | InReview | Clarifying, Move::Clarify) => Clarifying,
        (Received | InReview | Clarifying, Move::Review) => InReview,
        (Received | InReview, Move::Release) => Released,
        (Released, Move::StartProduction) => InProduction,
        (Released | InProduction, Move::Finish) => Ready,
        (Released | InProduction | Ready, Move::Remake) => Released,
        (Shipped | Delivered | Invoiced | Paid, Move::SendRest) => Released,
        (Released | Ready, Move::Ship) => Shipped,
        (Shipped, Move::Deliver) => Delivered,
        (Shipped | Delivered, Move::Invoice) => Invoiced,
        (Invoiced, Move::Pay) => Paid,
        // From review: an amendment or cancellation that was settled; see `Order::apply`.
        (InReview | Paid, Move::Close) => Closed,
        (Closed, Move::Archive) => Archived,
        (Received | Clarifying | InReview, Move::Reject) => return Some(Status::Rejected),
        (Received | Clarifying | InReview | Released | InProduction | Ready, Move::Cancel) => {
            return Some(Status::Cancelled);
        }
        (Closed | Archived, Move::Hold | Move::RaiseException) => return None,
        (_, Move::Hold) => return Some(Status::OnHold(from)),
        (_, Move::RaiseException) => return Some(Status::Exception(from)),
        (
            Received | Clarifying | InReview | Released | InProduction | Ready | Shipped | Delivered
            | Invoiced | Paid | Closed | Archived,
            Move::Clarify
            | Move::Review
            | Move::Release
            | Move::StartProduction
            | Move::Finish
            | Move::Ship
            | Move::Deliver
            | Move::Invoice
            | Move::Pay
            | Move::Close
            | Move::Archive
            | Move::Resume
            | Move::ClearException
            | Move::Reject
            | Move::Cancel
            | Move::Appeal
            | Move::Remake
            | Move::SendRest,
        ) => return None,
    };
    Some(Status::On(rung))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_climbed_one_rung_at_a_time() {
        use Move::{Archive, Close, Deliver, Finish, Invoice, Pay, Release, Review, Ship, StartProduction};
        let mut status = Status::On(Rung::Received);
        for step in [Review, Release, StartProduction, Finish, Ship, Deliver, Invoice, Pay, Close, Archive] {
            status = status.after(step).unwrap();
        }
        assert_eq!(status, Status::On(Rung::Archived));
    }

    #[test]
    fn what_may_not_happen_is_refused() {
        let cases = [
            (Status::On(Rung::Received), Move::Ship),
            (Status::On(Rung::Clarifying), Move::Release),
            (Status::On(Rung::InProduction), Move::Ship),
            (Status::On(Rung::Shipped), Move::Cancel),
            (Status::OnHold(Rung::InReview), Move::Release),
            (Status::Rejected, Move::Review),
            (Status::Cancelled, Move::Resume),
            (Status::On(Rung::Archived), Move::Hold),
        ];
        for (from, to) in cases {
            assert_eq!(from.after(to), Err(CannotMove { from, to }));
        }
    }

    #[test]
    fn an_order_comes_back_to_the_rung_it_held() {
        for rung in Rung::ALL.into_iter().filter(|rung| *rung < Rung::Closed) {
            let held = Status::On(rung).after(Move::Hold).unwrap();
            assert_eq!(held.after(Move::Resume), Ok(Status::On(rung)));
        }
    }
}
