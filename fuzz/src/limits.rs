//! Limits on what one input may take: memory, counted by the allocator, and processor time of its thread.
//!
//! Both are counted per thread, so that targets can run side by side. Wall time on a busy machine says nothing about a reader; it
//! counts only where the system does not report processor time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Most time of one input.
const MAX_TIME: Duration = Duration::from_secs(2);

/// Most memory of one input, beside what grows with its length: a small checkpoint and a run of it take some 8 MB.
const MAX_BYTES: usize = 64 << 20;

/// Memory per byte of input: JSON values take 32 bytes for two of text, and are copied once.
const BYTES_PER_BYTE: usize = 128;

/// Counts what is allocated and passes it on to the system.
pub struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    let now = NOW.try_with(|now| {
        now.set(now.get() + change);
        now.get()
    });
    if let Ok(now) = now {
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now)));
    }
}

// SAFETY: every call is passed on to the system's allocator as it is; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs a target on an input and panics when it takes more than it may.
pub fn within(name: &str, run: fn(&[u8]), input: &[u8]) {
    let (before, start) = (NOW.get(), thread_time());
    PEAK.set(before);
    run(input);
    let (time, bytes) = (thread_time().saturating_sub(start), (PEAK.get() - before).max(0) as usize);
    let most = MAX_BYTES + BYTES_PER_BYTE * input.len();
    assert!(bytes <= most, "{name}: {bytes} bytes of memory for {} bytes of input, at most {most}", input.len());
    assert!(time <= MAX_TIME, "{name}: {time:?} for {} bytes of input, at most {MAX_TIME:?}", input.len());
}

/// Processor time of this thread, or wall time where the system does not report it.
pub fn thread_time() -> Duration {
    thread_local! { static START: Instant = Instant::now(); }
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|line| line.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}
