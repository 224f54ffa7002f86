# Hookline in the official Airflow image, every version of it as constraints.txt says.
# A digest makes the base as fixed as the rest: --build-arg AIRFLOW_IMAGE=apache/airflow@sha256:…
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12

FROM ${AIRFLOW_IMAGE} AS wheel
WORKDIR /tmp/hookline
COPY --chown=airflow:0 constraints.txt ./
RUN pip install --no-cache-dir --constraint constraints.txt hatchling
COPY --chown=airflow:0 pyproject.toml README.md LICENSE ./
COPY --chown=airflow:0 plugins ./plugins
# hatchling writes the same wheel for the same files; without isolation it is the pinned hatchling that does.
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /tmp/wheels .

FROM ${AIRFLOW_IMAGE}
RUN --mount=type=bind,from=wheel,source=/tmp/wheels,target=/tmp/wheels \
    --mount=type=bind,source=constraints.txt,target=/tmp/constraints.txt \
    pip install --no-cache-dir --constraint /tmp/constraints.txt \
        "airflow-hookline[distributed] @ file://$(ls /tmp/wheels/airflow_hookline-*.whl)" \
    && mkdir -p /opt/airflow/logs /opt/airflow/auth
COPY --chown=airflow:0 dags /opt/airflow/dags
# The image's own user: not root, and with no right to become it.
USER airflow
