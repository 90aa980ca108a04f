//! Rows whose cells are centred: a text of several lines stands above and below the line of the others, and is put on it.

use crate::read::print::{Area, Word};

/// Puts what stands above and below the line of a row on that line; lines come from the top down.
pub(super) fn levelled(lines: Vec<Vec<Word>>) -> Vec<Vec<Word>> {
    let mut out: Vec<Vec<Word>> = Vec::with_capacity(lines.len());
    let mut lines = lines.into_iter().peekable();
    while let Some(mut line) = lines.next() {
        let before = out.len().checked_sub(2).and_then(|at| out.get(at));
        let centred = out.last().zip(lines.peek()).is_some_and(|(above, below)| {
            Centred::new(before, above, &line, below).is_some_and(|it| it.is_one_cell())
        });
        if centred && let Some(above) = out.pop() {
            let below = lines.next().unwrap_or_default();
            line = joined(above, line, below);
        } else if let Some(above) = out.pop_if(|above| is_upper_half(above, &line)) {
            line.extend(above);
            line.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
        }
        out.push(line);
    }
    out
}

/// Whether a line reaches down into the next one, and finds its place there free between others.
fn is_upper_half(above: &[Word], line: &[Word]) -> bool {
    let (Some(upper), Some(lower)) = (around(above), around(line)) else { return false };
    let overlap = upper.bottom - lower.top;
    let between = line.iter().any(|word| word.area.right < upper.left)
        && line.iter().any(|word| word.area.left > upper.right);
    let free = line.iter().all(|word| word.area.right < upper.left || word.area.left > upper.right);
    overlap > 0.15 * upper.height().min(lower.height()) && between && free
}

fn around(line: &[Word]) -> Option<Area> {
    let mut areas = line.iter().map(|word| word.area);
    let first = areas.next()?;
    Some(areas.fold(first, |all, area| all.around(&area)))
}

/// Three lines of which the middle one may be that of a row.
struct Centred<'a> {
    above: Area,
    line: &'a [Word],
    below: Area,
    height: f32,
    /// From the line before to the one above.
    gap: f32,
    /// From the line above to the middle one, and from there to the one below.
    steps: (f32, f32),
}

impl<'a> Centred<'a> {
    /// None when the lines above and below are not each one piece of text.
    fn new(before: Option<&Vec<Word>>, above: &[Word], line: &'a [Word], below: &[Word]) -> Option<Self> {
        let one = |line: &[Word]| line.windows(2).all(|pair| !parted(&pair[0], &pair[1]));
        if !one(above) || !one(below) {
            return None;
        }
        let (above, middle, below) = (around(above)?, around(line)?, around(below)?);
        let height = above.height().min(below.height()).max(1.0);
        let at = |area: &Area| area.middle().1;
        let gap = before.and_then(|it| around(it)).map_or(f32::MAX, |it| at(&above) - at(&it));
        let steps = (at(&middle) - at(&above), at(&below) - at(&middle));
        Some(Self { above, line, below, height, gap, steps })
    }

    /// The texts above and below begin at one place, stand evenly around the row, and nearer to it than to the line before.
    fn is_one_cell(&self) -> bool {
        let (up, down) = self.steps;
        let even = up > 0.0 && down > 0.0 && (up - down).abs() < 0.2 * self.height && up < 1.7 * self.height;
        let aligned = (self.above.left - self.below.left).abs() < 0.3 * self.height;
        let right = self.above.right.max(self.below.right);
        let outside = |word: &&Word| word.area.right <= self.above.left || word.area.left >= right;
        let others = self.line.iter().filter(outside).count();
        let own: Vec<&Word> = self.line.iter().filter(|word| !outside(word)).collect();
        // Two lines leave their place in the row free; of three the middle one stands there.
        let (placed, step) = match own.first() {
            None => (true, up + down),
            Some(first) => ((first.area.left - self.above.left).abs() < 0.3 * self.height, up),
        };
        even && aligned && placed && others > 1 && self.gap > 1.08 * step
    }
}

fn parted(left: &Word, right: &Word) -> bool {
    right.area.left - left.area.right > left.area.height()
}

/// The row with the whole text of its cell, as one piece.
fn joined(above: Vec<Word>, line: Vec<Word>, below: Vec<Word>) -> Vec<Word> {
    let (Some(first), Some(last)) = (around(&above), around(&below)) else { return line };
    let right = first.right.max(last.right);
    let (own, mut out): (Vec<Word>, Vec<Word>) =
        line.into_iter().partition(|word| word.area.right > first.left && word.area.left < right);
    let mut pieces = above.into_iter().chain(own).chain(below);
    if let Some(mut whole) = pieces.next() {
        for piece in pieces {
            whole.text = format!("{} {}", whole.text, piece.text);
            whole.area = whole.area.around(&piece.area);
            whole.confidence = whole.confidence.min(piece.confidence);
        }
        out.push(whole);
    }
    out.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::draft::Confidence;

    /// Words as `text@left`, on a line whose middle is at `y`; letters are 5 wide and 10 high.
    fn line(y: f32, words: &str) -> Vec<Word> {
        let word = |it: &str| {
            let (text, left) = it.split_once('@').unwrap();
            let left: f32 = left.parse().unwrap();
            let right = left + 5.0 * text.chars().count() as f32;
            let area = Area { left, top: y - 5.0, right, bottom: y + 5.0 };
            Word { text: text.replace('_', " "), area, confidence: Confidence::FULL }
        };
        words.split(' ').map(word).collect()
    }

    fn texts(lines: Vec<Vec<Word>>) -> Vec<String> {
        let text = |line: &Vec<Word>| line.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("|");
        levelled(lines).iter().map(text).collect()
    }

    #[test]
    fn cells_of_two_and_three_lines_are_whole() {
        let page = vec![
            line(0.0, "品名@0 数量@200 单价@250"),
            line(20.0, "拉链_黑@0"),
            line(26.0, "500@200 0.4@250"),
            line(32.0, "18cm@0"),
            line(50.0, "纽扣@0 100@200 0.2@250"),
            line(70.0, "one@0"),
            line(82.0, "two@0 7@200 1@250"),
            line(94.0, "three@0"),
        ];
        let want = ["品名|数量|单价", "拉链 黑 18cm|500|0.4", "纽扣|100|0.2", "one two three|7|1"];
        assert_eq!(texts(page), want);
    }

    #[test]
    fn texts_that_belong_to_other_rows_stay() {
        // The second row's text goes on below it, nearer to it than to the third.
        let page = vec![
            line(0.0, "a@0 1@200 2@250"),
            line(12.0, "more@0"),
            line(24.0, "b@0 3@200 4@250"),
            line(36.0, "more@0"),
        ];
        assert_eq!(texts(page), ["a|1|2", "more", "b|3|4", "more"]);
        let remark = vec![line(0.0, "Remarks:@0"), line(12.0, "x@300"), line(24.0, "Total@0")];
        assert_eq!(texts(remark).len(), 3);
    }
}
