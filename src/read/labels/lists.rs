//! The lists that a label file may have: columns, labels, words and topics.

use serde::{Deserialize, Serialize};
/// What a column of an order table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Line,
    Part,
    /// A style, model or bar code: the part number where no other column is one.
    PartElse,
    Description,
    Spec,
    Color,
    Quantity,
    /// Cartons or packages: the ordered quantity where no other column is one.
    QuantityElse,
    Unit,
    Price,
    /// Price without tax, beside which a price with tax may stand.
    PriceNet,
    Amount,
    AmountNet,
    Date,
    Note,
    PoNumber,
    OrderDate,
    Currency,
    Terms,
    /// "Item", "No.": position or part, which only the cells tell.
    Item,
    /// Cartons, pieces a carton and other figures that are not the ordered quantity.
    Pack,
    Other,
}
/// What a label before a value in running text or in a cell means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    PoNumber,
    OrderDate,
    Customer,
    Contact,
    Phone,
    Email,
    Address,
    ShipTo,
    ShipName,
    ShipAddress,
    ShipContact,
    ShipPhone,
    Currency,
    Payment,
    Incoterm,
    Delivery,
    Shipping,
    DiscountCode,
    Total,
    Words,
    Notes,
    Seller,
    RefersTo,
    /// A known label whose value is nothing that an order keeps.
    Other,
}
/// Lists of words that are neither headings nor labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    Total,
    Subtotal,
    Quote,
    Closing,
    Disclaimer,
    Company,
    Fax,
    Filler,
    FillerEnd,
    Applies,
    PackMark,
    QuantityMark,
    PriceMark,
    AmountMark,
    ChangeTo,
    Remark,
    Courtesy,
    Condition,
    DeliverBy,
    DeliverTo,
    ShipBy,
    OrderWord,
    AttachmentNoise,
    Forwarded,
    Greeting,
    Size,
    ShipPlace,
    ReferTo,
    /// What a cover page calls itself.
    Cover,
    /// What stands before a promotion or discount code in a sentence.
    DiscountMark,
}
/// Words that tell what a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Order,
    Amendment,
    Cancellation,
    PartOfOrder,
    Inquiry,
    Complaint,
    Payment,
    Delivery,
    Answer,
    Advert,
    Automatic,
    Bounce,
    Resend,
    Suspicious,
}
