//! Sends a request until it succeeds, waiting does not help, or time is up.

use super::answer::{self, Act, Call, Meaning};
use super::backoff::Jitter;
use super::error::AnswerError;
use super::http::{Answer, Http, Request};
use super::{Error, Notice, Timeouts, Wait};
use crate::model::Code;
use tokio::time::{Duration, Instant};

/// How often a failure with [`Act::RetryBriefly`] is tried again.
const BRIEF_ATTEMPTS: u32 = 3;

/// Why one attempt did not succeed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) act: Act,
    pub(super) error: Error,
    /// The server's `Retry-After`.
    pub(super) asked: Option<Duration>,
    /// The answer, where there was one.
    pub(super) answer: Option<Answer>,
}

/// Decides about the next attempt of one request.
#[derive(Debug)]
pub(super) struct Attempts {
    begun: Instant,
    /// Since when the target fails, rather than asks for patience.
    failing: Option<Instant>,
    count: u32,
}

impl Attempts {
    /// Begins now.
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), failing: None, count: 0 }
    }

    /// Returns how long to wait before the next attempt, or the error that ends the row.
    pub(super) fn next(
        &mut self,
        failed: Failed,
        call: Call,
        timeouts: &Timeouts,
        jitter: &Jitter,
    ) -> Result<Notice, Error> {
        self.count += 1;
        let wait = match failed.act {
            Act::Stop | Act::Split | Act::FindLines => return Err(failed.error),
            Act::RetryBriefly if self.count >= BRIEF_ATTEMPTS => return Err(failed.error),
            Act::Retry | Act::RetryBriefly => Wait::Failing,
            Act::WaitForQuota => Wait::Quota,
            Act::WaitForServer => Wait::Busy,
        };
        let now = Instant::now();
        if wait == Wait::Failing {
            self.failing.get_or_insert(now);
        } else {
            self.failing = None;
        }
        let asked = failed.asked.filter(|asked| !asked.is_zero());
        let pause = jitter.pause(self.count, asked);
        let waited = now - self.begun;
        let patience = if call == Call::Control { timeouts.control } else { timeouts.busy };
        let failing = self.failing.map_or(Duration::ZERO, |since| now - since);
        if waited + pause > patience || (self.failing.is_some() && failing + pause > timeouts.failing) {
            return Err(Error::GaveUp { waited, last: Box::new(failed.error) });
        }
        Ok(Notice { wait, pause, asked, attempt: self.count, message: failed.error.to_string() })
    }
}

/// Sends a request once; an error answer is a failure.
pub(super) async fn once(http: &Http, request: &Request, call: Call) -> Result<Answer, Box<Failed>> {
    match http.exchange(request).await {
        Ok(answer) if answer.is_success() => Ok(answer),
        Ok(answer) => {
            let meaning = answer::meaning(answer.status, &answer.body, call);
            let error = Error::Answer(Box::new(answer_error(http, request, &answer, &meaning)));
            let asked = answer::retry_after(&answer);
            Err(Box::new(Failed { act: meaning.act, error, asked, answer: Some(answer) }))
        }
        Err(error) => {
            let act = match error {
                Error::Unreachable { .. } | Error::Timeout { .. } => Act::Retry,
                _ => Act::Stop,
            };
            Err(Box::new(Failed { act, error, asked: None, answer: None }))
        }
    }
}

/// Sends a request that may be repeated until it succeeds or time is up.
pub(super) async fn repeatedly(
    http: &Http,
    request: &Request,
    call: Call,
    timeouts: &Timeouts,
    jitter: &Jitter,
) -> Result<Answer, Error> {
    let mut attempts = Attempts::new();
    loop {
        match once(http, request, call).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => {
                let notice = attempts.next(*failed, call, timeouts, jitter)?;
                tracing::info!(pause = ?notice.pause, attempt = notice.attempt, "retrying: {}", notice.message);
                tokio::time::sleep(notice.pause).await;
            }
        }
    }
}

fn answer_error(http: &Http, request: &Request, answer: &Answer, meaning: &Meaning) -> AnswerError {
    AnswerError {
        method: request.method.to_string(),
        url: http.mask().text(http.url(request).as_str()),
        status: answer.status,
        message: http.mask().text(&meaning.message),
        code: meaning.code,
        needs: request.needs,
        help: meaning.help,
    }
}

/// Tells whether an error is the server's answer with that code.
pub(super) fn is_answer(error: &Error, code: &Code) -> bool {
    matches!(error, Error::Answer(answer) if answer.code == code)
}
