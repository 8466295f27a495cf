"""Decompositions of matrices with TensorFlow's gradients: PyTorch's are NaN where values are equal."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.decompositions import refuse_gradient


def _reciprocal(x: torch.Tensor) -> torch.Tensor:
    """TensorFlow's 1 / x in these gradients, which is 0 at 0."""
    return x / (x * x + 1e-20)


def _apart(x: torch.Tensor) -> torch.Tensor:
    """The reciprocals of differences, without the diagonal: its 0 would have a second derivative that hides others."""
    diagonal = torch.eye(x.shape[-1], dtype=torch.bool, device=x.device)
    return torch.where(diagonal, 0, _reciprocal(x))


class _Refused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, r: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ctx.shape = r.shape
        return q.view_as(q), r.view_as(r)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[None, None]:
        refuse_gradient("Qr", ctx.shape)


def qr(x: torch.Tensor, full_matrices: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Q and R of x = Q R."""
    q, r = torch.linalg.qr(x, mode="complete" if full_matrices else "reduced")
    if full_matrices and x.shape[-2] > x.shape[-1] and x.requires_grad:
        q, r = _Refused.apply(q, r)  # pyright: ignore[reportGeneralTypeIssues]
    return q, r


def _svd(x: torch.Tensor, full_matrices: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    u, s, vh = torch.linalg.svd(x, full_matrices=full_matrices)
    return s, u, vh.mH.resolve_conj()


class _Svd(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, full_matrices: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        s, u, v = _svd(x, full_matrices)
        ctx.save_for_backward(s, u, v)
        return s, u, v

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, None]:
        s, u, v = ctx.saved_tensors
        rows, columns = u.shape[-2], v.shape[-2]
        if u.shape[-1] != v.shape[-1] and abs(rows - columns) > 1:  # of one vector more only the sign is open
            refuse_gradient("Svd", (*u.shape[:-1], columns))
        of_s, of_u, of_v = cotangents
        if rows < columns:
            return _tall_svd_gradient(s, v, u, of_s, of_v, of_u).mH, None
        return _tall_svd_gradient(s, u, v, of_s, of_u, of_v), None


def _tall_svd_gradient(
    s: torch.Tensor, u: torch.Tensor, v: torch.Tensor, of_s: torch.Tensor, of_u: torch.Tensor, of_v: torch.Tensor
) -> torch.Tensor:
    """The gradient of a matrix with at least as many rows as columns, from those of its s, u and v."""
    size = s.shape[-1]
    u, beyond = u[..., :, :size], u[..., :, size:]
    of_u, of_beyond = of_u[..., :, :size], of_u[..., :, size:]
    across, down = s[..., None, :], s[..., :, None]
    apart = _apart((across - down) * (across + down))
    u_turned, v_turned = apart * (u.mH @ of_u), apart * (v.mH @ of_v)
    inner = (u_turned + u_turned.mH) * across + down * (v_turned + v_turned.mH)
    inverse = _reciprocal(across)
    if inner.is_complex():
        phases = torch.diagonal(v.mH @ of_v, dim1=-2, dim2=-1).imag
        inner = inner + torch.diag_embed(torch.complex(of_s, -phases * inverse[..., 0, :]))
    else:
        inner = inner + torch.diag_embed(of_s)
    gradient = u @ inner
    if u.shape[-2] > size:
        if beyond.shape[-1]:
            of_u = of_u - beyond @ (of_beyond.mH @ u)
        gradient = gradient + (of_u - u @ (u.mH @ of_u)) * inverse
    return gradient @ v.mH


def svd(x: torch.Tensor, full_matrices: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """s, u and v of x = u diag(s) vᴴ."""
    # torch.compile warns of functions of autograd that it need not differentiate.
    function = _Svd.apply if x.requires_grad else _svd
    return function(x, full_matrices)  # pyright: ignore[reportReturnType]


class _Eigh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, vectors = torch.linalg.eigh(x)
        ctx.save_for_backward(values, vectors)
        return values, vectors

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> torch.Tensor:
        values, vectors = ctx.saved_tensors
        of_values, of_vectors = cotangents
        apart = _apart(values[..., None, :] - values[..., :, None])
        inner = torch.diag_embed(of_values) + apart * (vectors.mH @ of_vectors)
        return vectors @ ((inner + inner.mH) / 2) @ vectors.mH


def eigh(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Ascending eigenvalues, and eigenvectors, of self-adjoint matrices."""
    values, vectors = _Eigh.apply(x) if x.requires_grad else torch.linalg.eigh(x)  # pyright: ignore[reportGeneralTypeIssues]
    return values, vectors
