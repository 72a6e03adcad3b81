//! In asynchronous code: no setting stops a runtime that has one thread, and who waits by the hundred, or stops waiting,
//! is served all the same.

#[allow(dead_code)] // other tests stop and start it
#[path = "common/service.rs"]
mod service;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder as Runtime, Runtime as Tokio};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;
use tracing::info;
use tracing::instrument::WithSubscriber as _;
use tracing_audit::verify::Verdict;
use tracing_audit::{Builder, Durability, Handle, Overflow, require};

use self::service::{Running, Service};

/// Runtimes in which one task that blocks stops all others.
fn runtimes() -> [Tokio; 2] {
    let one_worker = Runtime::new_multi_thread().worker_threads(1).enable_time().build();
    [Runtime::new_current_thread().enable_time().build().unwrap(), one_worker.unwrap()]
}

/// Runs on a thread of its own, and fails where that hangs.
fn ends<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || tell.send(work()).unwrap());
    match told.recv_timeout(Duration::from_secs(120)) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what} hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Spawns on a runtime's worker, with the log's layer as its subscriber.
fn spawn<F>(tasks: &mut JoinSet<F::Output>, log: &Running, runtime: &Tokio, task: F)
where
    F: Future<Output: Send> + Send + 'static,
{
    tasks.spawn_on(task.with_subscriber(log.dispatch.clone()), runtime.handle());
}

fn all<T: 'static>(runtime: &Tokio, tasks: JoinSet<T>) -> Vec<T> {
    runtime.block_on(tasks.join_all())
}

#[test]
fn emitting_stops_no_runtime_at_any_setting() {
    let overflows =
        [Overflow::Block, Overflow::BlockFor(Duration::from_secs(60)), Overflow::Drop, Overflow::Abort];
    for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
        for overflow in overflows {
            for runtime in runtimes() {
                let what = format!("{durability:?}, {overflow:?}, {:?}", runtime.handle().runtime_flavor());
                let checked = what.clone();
                ends(&what, move || emits_and_waits(durability, overflow, &runtime, &checked));
            }
        }
    }
}

/// Tasks that emit into a queue of one record, beside some that wait for theirs, blocking or not.
fn emits_and_waits(durability: Durability, overflow: Overflow, runtime: &Tokio, what: &str) {
    const TASKS: u64 = 6;
    const EACH: u64 = 5;
    let service = Service::new();
    let options = |builder: Builder| builder.queue_length(1).durability(durability).overflow(overflow);
    let log = service.start(options).unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let handle = log.guard.handle();
        spawn(&mut tasks, &log, runtime, async move {
            for number in 0..EACH {
                info!(target: "audit", task, number);
                yield_now().await;
                // With `Drop` the one before may still have the only place.
                let required = match task % 3 {
                    0 => require(|| info!(target: "audit", task, number)).await,
                    1 => require(|| info!(target: "audit", task, number)).wait(),
                    _ => handle.flush_async().await.map_err(tracing_audit::RequireError::Write),
                };
                assert!(required.is_ok() || overflow == Overflow::Drop, "{required:?}");
            }
            handle.flush().unwrap();
        });
    }
    all(runtime, tasks);
    log.guard.shutdown().unwrap();
    let status = log.guard.status();
    let emitted = EACH * (TASKS + TASKS / 3 * 2);
    assert_eq!((status.written + status.lost, status.lost), (emitted, status.lost_queue_full), "{what}");
    assert!(status.lost == 0 || overflow == Overflow::Drop, "{what}: {status:?}");
    let report = service.verify();
    assert_eq!(report.verdict, Verdict::Intact, "{what}: {report:?}");
    assert_eq!(report.logs[0].lost, status.lost, "{what}");
}

#[test]
fn hundreds_that_wait_on_one_thread_share_their_syncs() {
    for runtime in runtimes() {
        ends("waiting by the hundred", move || {
            let service = Service::new();
            let log = service.start(|builder| builder).unwrap();
            let before = log.guard.status().syncs;
            let mut tasks = JoinSet::new();
            for number in 0..300 {
                let handle = log.guard.handle();
                spawn(&mut tasks, &log, &runtime, async move {
                    require(|| info!(target: "audit", number)).await.unwrap();
                    handle.flush_async().await.unwrap();
                });
            }
            all(&runtime, tasks);
            let status = log.guard.status();
            assert_eq!(status.written, 300);
            assert!(status.syncs - before < 600, "{status:?}");
        });
    }
}

#[test]
fn who_stops_waiting_takes_nothing_back() {
    for runtime in runtimes() {
        ends("waiting for the dropped", move || {
            let service = Service::new();
            let log = service.start(|builder| builder).unwrap();
            let handle = log.guard.handle();
            let mut tasks = JoinSet::new();
            for number in 0..200 {
                let handle = handle.clone();
                spawn(&mut tasks, &log, &runtime, async move {
                    let receipt = require(|| info!(target: "audit", number));
                    match number % 4 {
                        0 => drop(receipt),
                        1 => drop(timeout(Duration::ZERO, receipt).await),
                        2 => tokio::select! {
                            biased;
                            _ = receipt => {}
                            () = yield_now() => {}
                        },
                        _ => drop((receipt, handle.flush_async())),
                    }
                });
            }
            // Tasks that are stopped from outside, at whatever point.
            let mut stopped = JoinSet::new();
            for number in 200..250 {
                spawn(&mut stopped, &log, &runtime, async move {
                    let _ = require(|| info!(target: "audit", number)).await;
                    std::future::pending::<()>().await;
                });
            }
            runtime.block_on(async {
                while tasks.join_next().await.is_some() {}
                stopped.shutdown().await;
                handle.flush_async().await.unwrap();
            });
            let status = handle.status();
            assert!((200..=250).contains(&status.written) && status.lost == 0, "{status:?}");
            log.guard.shutdown().unwrap();
            assert_eq!(service.verify().verdict, Verdict::Intact);
        });
    }
}

#[test]
fn any_executor_can_wait() {
    ends("another executor", || {
        let service = Service::new();
        let log = service.start(|builder| builder.queue_length(1)).unwrap();
        let emit =
            || tracing::dispatcher::with_default(&log.dispatch, || require(|| info!(target: "audit", "x")));
        for _ in 0..20 {
            pollster::block_on(emit()).unwrap();
            pollster::block_on(log.guard.flush_async()).unwrap();
        }
        // On many threads at once, each with an executor of its own, beside those that block.
        thread::scope(|scope| {
            for waits in [true, false].into_iter().cycle().take(8) {
                scope.spawn(move || {
                    for _ in 0..20 {
                        if waits { emit().wait().unwrap() } else { pollster::block_on(emit()).unwrap() }
                    }
                });
            }
        });
        assert_eq!(log.guard.status().written, 20 + 8 * 20);
    });
}

#[test]
fn an_executor_that_panics_when_it_is_woken_ends_no_log() {
    struct Panics(mpsc::Sender<()>);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.send(()).unwrap();
            panic!("of the test");
        }
    }
    ends("the log", || {
        let service = Service::new();
        let log = service.start(|builder| builder).unwrap();
        let (tell, told) = mpsc::channel();
        let waker = Waker::from(Arc::new(Panics(tell)));
        // Where the writer is faster than the poll nobody is woken.
        while pin!(log.guard.flush_async()).poll(&mut Context::from_waker(&waker)).is_ready() {}
        told.recv().unwrap();
        log.guard.flush().unwrap();
        log.guard.shutdown().unwrap();
    });
}

/// Runs its work when it is woken, as an executor may that polls the task there and then.
struct Does(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for Does {
    fn wake(self: Arc<Self>) {
        if let Some(work) = self.0.lock().unwrap().take() {
            work();
        }
    }
}

/// Has the writer's thread do this in a waker, and waits until it is done.
fn woken(handle: &Handle, work: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let work = move || {
        work();
        tell.send(()).unwrap();
    };
    let waker = Waker::from(Arc::new(Does(Mutex::new(Some(Box::new(work))))));
    // Where the answer is there at once nobody is woken.
    while pin!(handle.flush_async()).poll(&mut Context::from_waker(&waker)).is_ready() {}
    drop(waker);
    told.recv_timeout(Duration::from_secs(120)).expect("the waker hangs");
}

#[test]
fn a_waker_may_emit_wait_and_end_the_log() {
    for durability in [Durability::Enqueued, Durability::Synced] {
        for overflow in [Overflow::Block, Overflow::BlockFor(Duration::from_secs(600))] {
            let service = Service::new();
            let options =
                |builder: Builder| builder.durability(durability).overflow(overflow).queue_length(2);
            let Running { dispatch, guard, .. } = service.start(options).unwrap();
            let handle = guard.handle();
            woken(&handle, move || {
                // More than the queue takes, on the thread that empties it.
                tracing::dispatcher::with_default(&dispatch, || {
                    (0..10).for_each(|number| info!(target: "audit", number));
                });
                guard.flush().unwrap();
                drop(guard);
            });
            assert_eq!((handle.status().written, handle.status().lost), (10, 0));
            assert_eq!(service.verify().verdict, Verdict::Intact);
        }
    }
}

#[test]
fn a_runtime_that_ends_with_tasks_that_wait_leaves_the_log_whole() {
    for runtime in runtimes() {
        ends("the end of a runtime", move || {
            let service = Service::new();
            let log = service.start(|builder| builder).unwrap();
            let mut tasks = JoinSet::new();
            for number in 0..100 {
                spawn(&mut tasks, &log, &runtime, async move {
                    let receipt = require(|| info!(target: "audit", number));
                    yield_now().await;
                    receipt.await
                });
            }
            runtime.block_on(yield_now());
            drop(runtime);
            log.guard.shutdown().unwrap();
            drop(tasks);
            assert_eq!(service.verify().verdict, Verdict::Intact);
        });
    }
}
