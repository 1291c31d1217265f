//! Work shared out among threads, with results in the order of the work: nothing that is made depends
//! on how many threads there are.

use std::sync::Mutex;

/// How many threads a link uses unless it is told. To find out takes a dozen system calls, so only who
/// has work for several asks.
#[must_use]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Calls `work` for every item, on at most this many threads. Each thread has a `state` of its own
/// (scratch memory). Gives the results in the order of the items.
pub fn map<T, S, R>(threads: usize, items: impl Iterator<Item = T> + Send, state: impl Fn() -> S + Sync, work: impl Fn(&mut S, T) -> R + Sync) -> Vec<R>
where
    R: Send,
{
    if threads <= 1 {
        let mut state = state();
        return items.map(|item| work(&mut state, item)).collect();
    }
    let queue = Mutex::new(items.enumerate());
    let worker = || {
        let (mut state, mut results) = (state(), Vec::new());
        loop {
            // The lock is held for as long as it takes to step an iterator; a panic there ends the link anyway.
            let next = queue.lock().ok().and_then(|mut queue| queue.next());
            let Some((number, item)) = next else { return results };
            results.push((number, work(&mut state, item)));
        }
    };
    let mut results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for other in others {
            match other.join() {
                Ok(theirs) => results.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|&(number, _)| number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_order() {
        let expected: Vec<u32> = (0..1000).map(|item| item * 2).collect();
        for threads in [1, 2, 7] {
            assert_eq!(super::map(threads, 0..1000u32, || (), |(), item| item * 2), expected);
        }
    }
}
