//! Tables by their ruling: lines that cross make columns and rows, a missing piece of a line joins two cells.

use crate::read::print::{Area, Print, Rule, Word};
use crate::read::words;

/// Lines that stand nearer than this are one, in points.
const NEAR: f32 = 2.5;
/// A line may end this far from the one that it meets.
const MEET: f32 = 4.0;
/// Texts whose middles are nearer than this stand on one line.
const LEVEL: f32 = 4.0;
/// Tables with more cells than this are drawings.
const CELLS: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cell {
    pub(super) words: Vec<Word>,
    /// It belongs to one that began in a row above, and repeats its words.
    pub(super) carried: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) area: Area,
    /// Where the columns begin and end.
    pub(super) columns: Vec<f32>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// The tables of a page, and the words outside of them.
pub(super) fn tables(print: &Print) -> (Vec<Table>, Vec<Word>) {
    let across = joined(print.rules.iter().filter(|rule| rule.across));
    let down = joined(print.rules.iter().filter(|rule| !rule.across));
    let mut rest = print.words.clone();
    let mut out = Vec::new();
    for (across, down) in groups(&across, &down) {
        if let Some(frame) = Frame::new(across, down) {
            let area = frame.area();
            let (inside, outside) = rest.into_iter().partition(|word| area.holds(word.area.middle()));
            rest = outside;
            let rows = frame.rows(inside);
            out.push(Table { area, columns: frame.xs, rows });
        }
    }
    (out, rest)
}

/// Pieces of one line put together.
fn joined<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = rules.copied().collect();
    rules.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.from.total_cmp(&b.from)));
    let mut out: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = |it: &&mut Rule| {
            rule.at - it.at <= NEAR && rule.from <= it.to + MEET && it.from <= rule.to + MEET
        };
        match out.iter_mut().rev().take_while(|it| rule.at - it.at <= NEAR).find(same) {
            Some(it) => (it.from, it.to) = (it.from.min(rule.from), it.to.max(rule.to)),
            None => out.push(rule),
        }
    }
    out
}

/// Lines that hang together, by their crossings.
fn groups(across: &[Rule], down: &[Rule]) -> Vec<(Vec<Rule>, Vec<Rule>)> {
    let mut sets = Sets::new(across.len() + down.len());
    for (a, row) in across.iter().enumerate() {
        for (d, column) in down.iter().enumerate() {
            if meets(row, column.at) && meets(column, row.at) {
                sets.join(a, across.len() + d);
            }
        }
    }
    let mut roots: Vec<usize> = (0..across.len()).map(|n| sets.root(n)).collect();
    roots.sort_unstable();
    roots.dedup();
    let mut of = |root: usize, rules: &[Rule], offset: usize| -> Vec<Rule> {
        (0..rules.len()).filter(|n| sets.root(offset + n) == root).map(|n| rules[n]).collect()
    };
    roots.into_iter().map(|root| (of(root, across, 0), of(root, down, across.len()))).collect()
}

fn meets(rule: &Rule, at: f32) -> bool {
    rule.from - MEET <= at && at <= rule.to + MEET
}

/// The lines of one table.
struct Frame {
    across: Vec<Rule>,
    down: Vec<Rule>,
    xs: Vec<f32>,
    ys: Vec<f32>,
}

impl Frame {
    /// None when they make no table: less than two columns or cells.
    fn new(across: Vec<Rule>, down: Vec<Rule>) -> Option<Self> {
        let xs = stops(&down, &across);
        let ys = stops(&across, &down);
        let (columns, rows) = (xs.len().saturating_sub(1), ys.len().saturating_sub(1));
        (columns >= 2 && rows >= 1 && columns * rows <= CELLS).then_some(Self { across, down, xs, ys })
    }

    fn area(&self) -> Area {
        let ends =
            |stops: &[f32]| (stops.first().copied().unwrap_or(0.0), stops.last().copied().unwrap_or(0.0));
        let ((left, right), (top, bottom)) = (ends(&self.xs), ends(&self.ys));
        Area { left, top, right, bottom }
    }

    fn rows(&self, inside: Vec<Word>) -> Vec<Vec<Cell>> {
        let (columns, rows) = (self.xs.len() - 1, self.ys.len() - 1);
        let mut sets = self.cells();
        let mut held: Vec<Vec<Word>> = vec![Vec::new(); columns * rows];
        for word in inside {
            let (x, y) = word.area.middle();
            let (column, row) = (band(&self.xs, x), band(&self.ys, y));
            held[sets.root(row * columns + column)].push(word);
        }
        let mut out: Vec<Vec<Cell>> = Vec::new();
        for row in 0..rows {
            let cells: Vec<Cell> = (0..columns)
                .map(|column| {
                    let root = sets.root(row * columns + column);
                    let (above, left) = (root / columns < row, root % columns < column);
                    // A cell over several columns stands in the first of them; one over several rows in each.
                    let words = if left { Vec::new() } else { held[root].clone() };
                    Cell { words, carried: above && !left }
                })
                .collect();
            out.extend(split(cells));
        }
        out
    }

    /// Cells with no line between them are one; each set's root is its upper left.
    fn cells(&self) -> Sets {
        let (columns, rows) = (self.xs.len() - 1, self.ys.len() - 1);
        let mut sets = Sets::new(columns * rows);
        let between = |stops: &[f32], n: usize| f32::midpoint(stops[n], stops[n + 1]);
        let drawn = |rules: &[Rule], at: f32, middle: f32| {
            rules.iter().any(|rule| (rule.at - at).abs() <= NEAR && rule.from <= middle && middle <= rule.to)
        };
        for row in 0..rows {
            for column in 0..columns {
                let here = row * columns + column;
                if column + 1 < columns && !drawn(&self.down, self.xs[column + 1], between(&self.ys, row)) {
                    sets.join(here, here + 1);
                }
                if row + 1 < rows && !drawn(&self.across, self.ys[row + 1], between(&self.xs, column)) {
                    sets.join(here, here + columns);
                }
            }
        }
        sets
    }
}

/// Where lines stand, and the ends of those across them that reach further: a table may be open at its sides.
fn stops(rules: &[Rule], crossing: &[Rule]) -> Vec<f32> {
    let mut all: Vec<f32> = rules.iter().map(|rule| rule.at).collect();
    all.sort_by(f32::total_cmp);
    let mut out: Vec<f32> = Vec::new();
    for at in all {
        if out.last().is_none_or(|last| at - last > NEAR) {
            out.push(at);
        }
    }
    let from = crossing.iter().map(|rule| rule.from).fold(f32::MAX, f32::min);
    let to = crossing.iter().map(|rule| rule.to).fold(f32::MIN, f32::max);
    if out.first().is_some_and(|first| first - from > 2.0 * MEET) {
        out.insert(0, from);
    }
    if out.last().is_some_and(|last| to - last > 2.0 * MEET) {
        out.push(to);
    }
    out
}

/// The number of the band in which a place lies.
fn band(stops: &[f32], at: f32) -> usize {
    stops.partition_point(|stop| *stop <= at).clamp(1, stops.len() - 1) - 1
}

/// A row without lines between its entries: where three columns or more have as many lines of text side by side, each is a
/// row, and what other columns hold goes to the nearest.
fn split(cells: Vec<Cell>) -> Vec<Vec<Cell>> {
    let lines: Vec<Vec<Vec<Word>>> = cells.iter().map(|cell| words::lines(cell.words.clone())).collect();
    let all: Vec<Vec<f32>> =
        lines.iter().map(|lines| lines.iter().map(|line| middle(line)).collect()).collect();
    let level =
        |a: &[f32], b: &[f32]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < LEVEL);
    let alike = |tops: &[f32]| all.iter().filter(|other| level(tops, other)).count();
    let anchors =
        all.iter().filter(|tops| tops.len() > 1 && alike(tops) > 2).max_by_key(|tops| tops.len()).cloned();
    let Some(anchors) = anchors.filter(|_| cells.iter().all(|cell| !cell.carried)) else {
        return vec![cells];
    };
    let mut out = vec![vec![Cell::default(); cells.len()]; anchors.len()];
    for (column, lines) in lines.into_iter().enumerate() {
        let single = level(&all[column], &anchors);
        for text in
            if single { lines.into_iter().map(|line| vec![line]).collect() } else { paragraphs(lines) }
        {
            // Its first line stands at the row's, or it is centred on it.
            let (first, last) = (middle(&text[0]), text.last().map_or(0.0, |line| middle(line)));
            let far = |at: f32| (at - first).abs().min((at - f32::midpoint(first, last)).abs());
            let row =
                (0..anchors.len()).min_by(|a, b| far(anchors[*a]).total_cmp(&far(anchors[*b]))).unwrap_or(0);
            out[row][column].words.extend(text.into_iter().flatten());
        }
    }
    out
}

fn middle(line: &[Word]) -> f32 {
    line.first().map_or(0.0, |word| word.area.middle().1)
}

/// Lines of a column that stand closer than others belong together.
fn paragraphs(lines: Vec<Vec<Word>>) -> Vec<Vec<Vec<Word>>> {
    let steps = lines.windows(2).map(|pair| middle(&pair[1]) - middle(&pair[0]));
    let least = steps.fold(f32::MAX, f32::min);
    let mut out: Vec<Vec<Vec<Word>>> = Vec::new();
    let mut before: Option<f32> = None;
    for line in lines {
        let at = middle(&line);
        match out.last_mut().filter(|_| before.is_some_and(|before| at - before < 1.25 * least)) {
            Some(open) => open.push(line),
            None => out.push(vec![line]),
        }
        before = Some(at);
    }
    // All at one distance: nothing tells which belong together.
    if out.len() == 1 { out.remove(0).into_iter().map(|line| vec![line]).collect() } else { out }
}

/// Disjoint sets; the root of each is its smallest member.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
