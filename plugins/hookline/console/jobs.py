"""Jobs: what events caused, and one with its chain."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from hookline.api import jobs
from hookline.api.fields import Number
from hookline.api.route import Caller
from hookline.console.page import Page, asked, render

router = APIRouter(route_class=Page)


@router.get("/jobs")
async def search(request: Request, user: Caller) -> Response:
    """Show a page of jobs that fit a filter."""
    query, wrong = asked(jobs.JobQuery, request)
    return render(request, "jobs.html", found=await jobs.list_jobs(request, user, query), wrong=wrong)


@router.get("/jobs/{number}")
async def one(request: Request, user: Caller, number: Number) -> Response:
    """Show a job with the event that caused it."""
    said = json.loads(bytes((await jobs.get_job(request, user, number)).body))
    return render(request, "job.html", job=jobs.JobDetail(**said))
