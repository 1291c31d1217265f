//! The platform-level interrupt controller (PLIC specification 1.0; layout of QEMU's `virt`): 95 sources with level
//! lines, seven priorities, context 0 (M-mode, inert) and context 1 (hart 0, S-mode). Registers are words.

use crate::device::{BusError, Effect};
use guest_abi::memory_map::{PLIC_SOURCES, RTC, UART0};

/// Sources with source 0, which does not exist.
const SOURCES: usize = PLIC_SOURCES as usize + 1;
/// Words of a bit set over the sources.
const WORDS: usize = SOURCES.div_ceil(32);
const CONTEXTS: usize = 2;
/// The context whose output is connected: S-mode of hart 0.
const SUPERVISOR: usize = 1;
const HIGHEST_PRIORITY: u32 = 7;

const PENDING: u32 = 0x1000;
const ENABLE: u32 = 0x2000;
const ENABLE_STRIDE: u32 = 0x80;
const CONTEXT: u32 = 0x20_0000;
const CONTEXT_STRIDE: u32 = 0x1000;

/// The console's source.
pub const UART_SOURCE: u32 = match UART0.irq {
    Some(source) => source,
    None => 0,
};

/// The real-time clock's source.
pub const RTC_SOURCE: u32 = match RTC.irq {
    Some(source) => source,
    None => 0,
};

/// A bit set over the sources.
type Set = [u32; WORDS];

/// The registers and lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plic {
    /// Priority of each source, 0 (never) to 7.
    pub priority: [u8; SOURCES],
    /// Interrupts waiting to be claimed.
    pub pending: Set,
    /// Interrupts claimed and not yet completed: their gateways hold back.
    pub claimed: Set,
    /// Lines of the devices.
    pub lines: Set,
    /// Sources enabled in each context.
    pub enabled: [Set; CONTEXTS],
    /// Priorities up to this one are masked in each context.
    pub threshold: [u8; CONTEXTS],
    /// Whether an interrupt stands before the supervisor; a function of the rest, kept so that looking costs nothing.
    output: bool,
}

impl Default for Plic {
    fn default() -> Plic {
        Plic {
            priority: [0; SOURCES],
            pending: [0; WORDS],
            claimed: [0; WORDS],
            lines: [0; WORDS],
            enabled: [[0; WORDS]; CONTEXTS],
            threshold: [0; CONTEXTS],
            output: false,
        }
    }
}

/// What a register is.
enum Register {
    Priority(usize),
    Pending(usize),
    Enable(usize, usize),
    Threshold(usize),
    Claim(usize),
}

/// The register at an offset; gaps inside the known blocks read as 0 and ignore stores (`Ok(None)`).
fn register(offset: u32, width: u32) -> Result<Option<Register>, BusError> {
    if width != 4 || !offset.is_multiple_of(4) {
        return Err(BusError);
    }
    if offset < PENDING {
        let source = (offset / 4) as usize;
        return Ok((1..SOURCES).contains(&source).then_some(Register::Priority(source)));
    }
    if offset < ENABLE {
        let word = ((offset - PENDING) / 4) as usize;
        return Ok((word < WORDS).then_some(Register::Pending(word)));
    }
    if offset < CONTEXT {
        let context = ((offset - ENABLE) / ENABLE_STRIDE) as usize;
        let word = ((offset - ENABLE) % ENABLE_STRIDE / 4) as usize;
        return Ok((context < CONTEXTS && word < WORDS).then_some(Register::Enable(context, word)));
    }
    let context = ((offset - CONTEXT) / CONTEXT_STRIDE) as usize;
    if context >= CONTEXTS {
        return Err(BusError);
    }
    Ok(match (offset - CONTEXT) % CONTEXT_STRIDE {
        0 => Some(Register::Threshold(context)),
        4 => Some(Register::Claim(context)),
        _ => None,
    })
}

impl Plic {
    /// The source that a load gave, if it was a claim.
    pub(super) fn claimed_by(offset: u32, value: u32) -> Option<u32> {
        let is_claim = matches!(register(offset, 4), Ok(Some(Register::Claim(_))));
        Some(value).filter(|&source| is_claim && source != 0)
    }

    /// A load. Reading a claim register claims.
    pub fn read(&mut self, offset: u32, width: u32) -> Result<u32, BusError> {
        Ok(match register(offset, width)? {
            None => 0,
            Some(Register::Priority(source)) => u32::from(self.priority[source]),
            Some(Register::Pending(word)) => self.pending[word],
            Some(Register::Enable(context, word)) => self.enabled[context][word],
            Some(Register::Threshold(context)) => u32::from(self.threshold[context]),
            Some(Register::Claim(context)) => self.claim(context),
        })
    }

    /// A store. Writing a claim register completes.
    pub fn write(&mut self, offset: u32, width: u32, value: u32) -> Result<Effect, BusError> {
        match register(offset, width)? {
            None | Some(Register::Pending(_)) => {}
            Some(Register::Priority(source)) => self.priority[source] = (value & HIGHEST_PRIORITY) as u8,
            Some(Register::Enable(context, word)) => self.enabled[context][word] = if word == 0 { value & !1 } else { value },
            Some(Register::Threshold(context)) => self.threshold[context] = (value & HIGHEST_PRIORITY) as u8,
            Some(Register::Claim(context)) => self.complete(context, value),
        }
        self.update();
        Ok(Effect::None)
    }

    /// A device's line changes or stays. A high line is pending until it is claimed.
    pub fn set_line(&mut self, source: u32, high: bool) {
        let (word, bit) = (source as usize / 32, 1 << (source % 32));
        if high {
            self.lines[word] |= bit;
            if self.claimed[word] & bit == 0 && self.pending[word] & bit == 0 {
                self.pending[word] |= bit;
                self.update();
            }
        } else {
            self.lines[word] &= !bit;
        }
    }

    /// Whether an interrupt stands before the supervisor.
    #[inline]
    #[must_use]
    pub fn output(&self) -> bool {
        self.output
    }

    /// Whether this source's interrupt would reach the supervisor.
    #[must_use]
    pub fn would_deliver(&self, source: u32) -> bool {
        let enabled = self.enabled[SUPERVISOR][source as usize / 32] >> (source % 32) & 1 == 1;
        enabled && self.priority[source as usize] > self.threshold[SUPERVISOR]
    }

    fn update(&mut self) {
        self.output = self.best(SUPERVISOR) != 0;
    }

    /// The pending, enabled source of the highest priority above the threshold, the lowest number first; 0: none.
    fn best(&self, context: usize) -> usize {
        if context != SUPERVISOR {
            return 0;
        }
        let mut best = (self.threshold[context], 0);
        for word in 0..WORDS {
            let mut candidates = self.pending[word] & self.enabled[context][word];
            while candidates != 0 {
                let source = word * 32 + candidates.trailing_zeros() as usize;
                candidates &= candidates - 1;
                if self.priority[source] > best.0 {
                    best = (self.priority[source], source);
                }
            }
        }
        best.1
    }

    fn claim(&mut self, context: usize) -> u32 {
        let source = self.best(context);
        if source != 0 {
            let (word, bit) = (source / 32, 1 << (source % 32));
            self.pending[word] &= !bit;
            self.claimed[word] |= bit;
            self.update();
        }
        source as u32
    }

    /// Completing a source that is not enabled in the context is ignored. A line that is still high is pending again.
    fn complete(&mut self, context: usize, source: u32) {
        if context != SUPERVISOR || source == 0 || source as usize >= SOURCES {
            return;
        }
        let (word, bit) = (source as usize / 32, 1 << (source % 32));
        if self.enabled[context][word] & self.claimed[word] & bit != 0 {
            self.claimed[word] &= !bit;
            self.pending[word] |= self.lines[word] & bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enabled() -> Plic {
        let mut plic = Plic::default();
        plic.write(4 * 10, 4, 1).expect("priority");
        plic.write(4 * 11, 4, 9).expect("priority");
        plic.write(0x2080, 4, 1 << 10 | 1 << 11 | 1).expect("enable");
        plic
    }

    #[test]
    fn claim_and_complete_a_level_line() {
        let mut plic = enabled();
        plic.set_line(10, true);
        assert!(plic.output());
        assert_eq!(plic.read(0x1000, 4), Ok(1 << 10));
        assert_eq!(plic.read(0x20_1004, 4), Ok(10));
        assert!(!plic.output());
        plic.set_line(10, true);
        assert!(!plic.output(), "the gateway holds back until completion");
        plic.write(0x20_1004, 4, 10).expect("complete");
        assert!(plic.output(), "the line is still high");
        assert_eq!(plic.read(0x20_1004, 4), Ok(10));
        plic.set_line(10, false);
        plic.write(0x20_1004, 4, 10).expect("complete");
        assert!(!plic.output());
        assert_eq!(plic.read(0x20_1004, 4), Ok(0));
    }

    #[test]
    fn priorities_thresholds_and_the_inert_context() {
        let mut plic = enabled();
        assert_eq!((plic.read(4 * 11, 4), plic.read(0x2080, 4)), (Ok(1), Ok(1 << 10 | 1 << 11)));
        plic.set_line(11, true);
        plic.set_line(10, true);
        assert_eq!(plic.read(0x20_1004, 4), Ok(10), "equal priorities: the lower number");
        plic.write(0x20_1000, 4, 1).expect("threshold");
        assert!(!plic.output() && !plic.would_deliver(11));
        plic.write(4 * 11, 4, 2).expect("priority");
        assert!(plic.output() && plic.would_deliver(11));
        plic.write(0x2000, 4, u32::MAX).expect("enable in context 0");
        assert_eq!(plic.read(0x20_0004, 4), Ok(0), "context 0 claims nothing");
        plic.write(0x20_1004, 4, 4_000_000_000).expect("a strange completion is ignored");
    }

    #[test]
    fn only_words_inside_the_contexts() {
        let mut plic = Plic::default();
        assert_eq!((plic.read(0, 1), plic.read(2, 4), plic.read(0x20_2000, 4)), (Err(BusError), Err(BusError), Err(BusError)));
        assert_eq!((plic.read(0, 4), plic.read(4 * 96, 4), plic.read(0x2000 + 0x100, 4)), (Ok(0), Ok(0), Ok(0)));
    }
}
