//! `DATA_SEGMENT_ALIGN` and `DATA_SEGMENT_END` (GNU ld's manual, 3.10.9): where data begins so that it shares
//! no page with code in memory, and shares the page of the file.

use super::eval::align_up;

/// A data segment as the last pass left it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataSegment {
    /// Where it would begin without saving a page.
    base: u64,
    /// Where it would have begun when that was judged.
    judged: u64,
    common: u64,
    /// Whether a page is saved by beginning at the next common page.
    saves_page: bool,
}

impl DataSegment {
    /// Where it begins if the location counter is at `dot`, for these sizes of pages.
    pub(super) fn start(self, dot: u64, max: u64, common: u64) -> u64 {
        let aligned = align_up(dot, max);
        if !max.is_power_of_two() || !common.is_power_of_two() {
            return aligned;
        }
        if self.saves_page && self.common == common {
            return aligned.wrapping_add(dot.wrapping_add(common - 1) & max.wrapping_sub(common));
        }
        aligned.wrapping_add(dot & (max - 1))
    }

    /// Whether it begins at the next common page.
    pub(super) fn saves_page(self) -> bool {
        self.saves_page
    }

    /// Notes where this pass begins it.
    pub(super) fn begun(&mut self, dot: u64, max: u64, common: u64) {
        self.base = DataSegment { saves_page: false, ..*self }.start(dot, max, common);
        self.common = common;
    }

    /// Notes where it ends: if its first and its last part fit one page, it takes a page less at the start
    /// of one. That is judged by the layout that saves none, so as long as the segment would begin where it did then, it stays so.
    pub(super) fn ended(&mut self, end: u64) {
        if !self.common.is_power_of_two() {
            return;
        }
        if self.saves_page {
            self.saves_page = self.base == self.judged;
            return;
        }
        let (first, last) = (self.base.wrapping_neg() & (self.common - 1), end & (self.common - 1));
        let page = |address: u64| address & !(self.common - 1);
        self.saves_page = first != 0 && last != 0 && page(self.base) != page(end) && first + last <= self.common;
        self.judged = self.base;
    }
}
