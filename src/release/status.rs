//! Where an order stands (`order.status`), for whoever follows along.

use super::telling::outgoing;
use crate::order::Order;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message, OrderStatus};
use chrono::{DateTime, Utc};

/// The message that says where the order stands; one for each version of it.
#[must_use]
pub fn status_message(order: &Order, now: DateTime<Utc>, ids: Ids) -> Message {
    let status = OrderStatus {
        order_id: order.id,
        number: order.number.as_ref().map(|it| it.0.clone()),
        status: order.status.as_str().to_owned(),
        at: now,
    };
    let id = ids.id(&format!("status/{}", order.version));
    outgoing(order.id, "order.status", Body::OrderStatus(status), (id, now))
}
