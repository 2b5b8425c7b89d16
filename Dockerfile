# A small image without compilers and without root.
#   docker build -t linkerpy .
#   docker run -v $PWD/conf/webtest.yml:/etc/linkerpy/linkerpy.yml:ro -p 8080:8080 -p 9990:9990 linkerpy
# In a container servers must listen on 0.0.0.0, or nobody outside reaches them.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
RUN python -m venv /opt/linkerpy
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY linkerpy linkerpy
COPY twisted twisted
# The second command has twistd make its index of plugins, which the image's user may not write.
RUN /opt/linkerpy/bin/pip install --no-cache-dir --disable-pip-version-check . \
    && /opt/linkerpy/bin/twistd --help > /dev/null

FROM python:${PYTHON}-slim
COPY --from=build /opt/linkerpy /opt/linkerpy
ENV PATH=/opt/linkerpy/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LINKERPY_ADMIN=127.0.0.1:9990
# Relative names in the configuration, such as `rootDir: disco`, are below this directory.
WORKDIR /var/lib/linkerpy
# By number, so that Kubernetes can tell that this is not root.
USER 10001:10001
# Where callers and people come in by default; the configuration decides.
EXPOSE 4140 9990
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import http.client, os; asked = http.client.HTTPConnection(os.environ['LINKERPY_ADMIN'], timeout=2); asked.request('GET', '/admin/ping'); raise SystemExit(asked.getresponse().status != 200)"]
# `linkerpy run` becomes twistd, so that it is the process that signals reach.
ENTRYPOINT ["linkerpy", "run"]
CMD ["/etc/linkerpy/linkerpy.yml"]
