# Container images with docker or buildah, whichever is there.
#   make images                              build pixelstream, player and kubetools
#   make images REGISTRY=host/path PUSH=1    build and push them there
#   make image-player IMAGE_FLAGS="--build-arg BASE=..."    one of them, on another base

REGISTRY ?= ghcr.io/pixelstream
TAG ?= $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' pixelstream/__init__.py)
IMAGES := pixelstream player kubetools
IMAGE_TOOL ?= $(shell docker info >/dev/null 2>&1 && echo docker || command -v buildah || echo docker)
IMAGE_FLAGS ?=

.PHONY: images image-lock $(addprefix image-,$(IMAGES))

images: $(addprefix image-,$(IMAGES))

image-player: player/dist/index.html

$(addprefix image-,$(IMAGES)): image-%:
	$(IMAGE_TOOL) build $(IMAGE_FLAGS) --file images/$*/Dockerfile --tag $(REGISTRY)/$*:$(TAG) .
	$(if $(PUSH),$(IMAGE_TOOL) push $(REGISTRY)/$*:$(TAG))

# Exact versions of the Python packages in the pixelstream image
image-lock: .venv/ready
	python images/pixelstream/lock.py
