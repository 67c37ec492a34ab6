# Two stages: durable-rules is C source, so the first has a compiler; the second has what it built and nothing else.
FROM python:3.12-slim AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements-build.txt requirements.txt /tmp/
RUN python -m venv /venv \
    && /venv/bin/pip install -q --no-cache-dir --require-hashes -r /tmp/requirements-build.txt \
    && /venv/bin/pip install -q --no-cache-dir --require-hashes --no-build-isolation -r /tmp/requirements.txt

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 ratchet
COPY --from=build /venv /venv
COPY okr /ratchet/okr
COPY rules /ratchet/rules
COPY store /ratchet/store
COPY app /ratchet/app
COPY gql /ratchet/gql
WORKDIR /ratchet
RUN mkdir .data && chown ratchet .data
USER ratchet
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 RATCHET_HOST=0.0.0.0
EXPOSE 8000
CMD ["python", "-m", "gql", "serve"]
