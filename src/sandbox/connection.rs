//! Connections that can be reset in the middle of a request.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct Resettable {
    listener: TcpListener,
    all: CancellationToken,
}

/// Resets a connection.
#[derive(Clone)]
pub(super) struct Connection {
    address: SocketAddr,
    reset: CancellationToken,
}

/// A connection that can be reset.
pub(super) struct Stream {
    inner: TcpStream,
    reset: Pin<Box<WaitForCancellationFutureOwned>>,
    dead: bool,
}

impl Resettable {
    /// Resets every connection once `all` is cancelled.
    pub(super) fn new(listener: TcpListener, all: CancellationToken) -> Self {
        Self { listener, all }
    }
}

impl Connection {
    /// Resets the connection: the client sees neither an answer nor a proper end.
    pub(super) fn reset(&self) {
        self.reset.cancel();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Listener for Resettable {
    type Io = Stream;
    type Addr = Connection;

    async fn accept(&mut self) -> (Stream, Connection) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Answers are small, and a client waits for each.
        let _ = stream.set_nodelay(true);
        let reset = self.all.child_token();
        let waiting = Box::pin(reset.clone().cancelled_owned());
        (Stream { inner: stream, reset: waiting, dead: false }, Connection { address, reset })
    }

    fn local_addr(&self) -> io::Result<Connection> {
        let address = self.listener.local_addr()?;
        Ok(Connection { address, reset: self.all.child_token() })
    }
}

impl Connected<IncomingStream<'_, Resettable>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Resettable>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Stream {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.dead {
            if self.reset.as_mut().poll(context).is_pending() {
                return Ok(());
            }
            self.dead = true;
            // With unread or unsent bytes thrown away the kernel sends a reset, not an end.
            let _ = self.inner.set_zero_linger();
        }
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
