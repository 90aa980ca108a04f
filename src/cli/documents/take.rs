//! `gendan documents take`: a filed part that is an order after all.

use crate::check::resolve::customer_of;
use crate::cli::Stop;
use crate::cli::context::{self, Context};
use crate::cli::hand_over::hand_over;
use crate::order::document::{Kind as PartKind, PartState};
use crate::order::ids::Ids;
use crate::order::message::{Body, DraftCorrected, Message, Step};
use crate::rights::Action;
use crate::runtime::house::House;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Take {
    /// The document
    id: String,
    /// Its part, as `show` counts them 部分
    #[arg(long, default_value_t = 0)]
    part: u32,
    /// What it is 类别
    #[arg(long, value_enum, default_value_t = Taken::Order)]
    kind: Taken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Taken {
    /// 订单
    Order,
    /// 变更
    Amendment,
    /// 取消
    Cancellation,
}

impl From<Taken> for PartKind {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Order => Self::Order,
            Taken::Amendment => Self::Amendment,
            Taken::Cancellation => Self::Cancellation,
        }
    }
}

/// Hands the correction of a filed part to the workers, and says what became of it.
impl Take {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<(), Stop> {
        let id = context::id(&self.id, "document", "documents list")?;
        let by = context.acting(house, Action::Key)?;
        let (document, parts) = super::load(house, id).await?;
        let record = parts.into_iter().find(|it| it.part.index == self.part).ok_or_else(|| {
            Stop::NotFound(format!("document {id} has no part {}: `gendan documents show {id}`", self.part))
        })?;
        if !matches!(record.part.state, PartState::Filed { .. }) {
            let why = super::became(&record.part.state);
            return Err(Stop::Refused(format!("only a filed part can be taken up; this one: {why}")));
        }
        let now = house.store.now().await?;
        let around = super::around(house, &document);
        let master = house.shelf.get().await?;
        let customer = customer_of(&record.draft, &around, &master);
        let corrected =
            DraftCorrected { document_id: id, part: self.part, customer, kind: Some(self.kind.into()), by };
        let message = Message {
            id: Ids::new(id, now).id(&format!("take/{}", self.part)),
            attempt: 1,
            correlation_id: id,
            step: Step::Read,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::DraftCorrected(corrected),
        };
        let effect = format!("command:{}", message.id);
        let became = hand_over(house, message, effect).await?;
        if let Some(why) = became.strip_prefix("refused: ") {
            return Err(Stop::Refused(why.to_owned()));
        }
        if ["recognize", "retry", "parked"].contains(&became.as_str()) {
            let todo = format!("`gendan documents show {id}` says what becomes of it");
            return Err(Stop::Refused(format!("it is not done yet ({became}): {todo}")));
        }
        super::show(house, id, context).await
    }
}
