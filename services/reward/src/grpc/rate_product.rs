//! `RateProductService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::{Invalid, refused},
};
use crate::{
    commands::{
        activate_rate_product::ActivateRateProduct, create_rate_product::CreateRateProduct,
        submit_rate_product::SubmitRateProduct,
    },
    domain::{rate_product::Proposed, refusal::Refusal},
    queries,
    wire::{
        qualification::after,
        rate_product::{product_terms_from, to_rate_product},
        terms::shared_reason,
    },
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ActivateRateProductRequest, CreateRateProductRequest, GetRateProductRequest, ListRateProductsRequest,
    ListRateProductsResponse, RateProduct, SubmitRateProductRequest, rate_product_service_server::RateProductService,
};
use handsel_service::{
    page,
    status::{fault, refuse},
};
use tonic::{Request, Response, Status};

const COLLECTION: &str = "rate-products/";

#[tonic::async_trait]
impl RateProductService for Api {
    async fn create_rate_product(
        &self,
        request: Request<CreateRateProductRequest>,
    ) -> Result<Response<RateProduct>, Status> {
        let call = Call::of(request)?;
        let proposed = call.message.rate_product.clone().unwrap_or_default();
        let terms = product_terms_from(&proposed)
            .map_err(|violations| refuse(&Invalid { reason: shared_reason(&violations), violations }))?;
        let id = call.message.rate_product_id.clone();
        let command = CreateRateProduct {
            means: self.service.means.clone(),
            proposed: Proposed { id: id.clone(), display_name: proposed.display_name, terms },
            maker: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = CreateRateProductRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.CreateRateProduct", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.rate_product(&id, None).await
    }

    async fn get_rate_product(&self, request: Request<GetRateProductRequest>) -> Result<Response<RateProduct>, Status> {
        let request = request.into_inner();
        let version = (request.version != 0).then(|| i64::from(request.version));
        self.rate_product(&after(COLLECTION, &request.name), version).await
    }

    async fn list_rate_products(
        &self,
        request: Request<ListRateProductsRequest>,
    ) -> Result<Response<ListRateProductsResponse>, Status> {
        let request = request.into_inner();
        let filters = ListRateProductsRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(Timestamp, String, i64)> = page::cursor(&filters, &request.page_token)?;
        let mut products = queries::rates::products(&self.service.db, cursor, size.limit()).await.map_err(fault)?;
        let next_page_token =
            size.cut(&mut products, &filters, |last| (last.created_at, last.id.clone(), last.version))?;
        let rate_products = products.iter().map(to_rate_product).collect();
        Ok(Response::new(ListRateProductsResponse { rate_products, next_page_token }))
    }

    async fn submit_rate_product(
        &self,
        request: Request<SubmitRateProductRequest>,
    ) -> Result<Response<RateProduct>, Status> {
        let call = Call::of(request)?;
        let id = after(COLLECTION, &call.message.name);
        let command = SubmitRateProduct {
            means: self.service.means.clone(),
            id: id.clone(),
            etag: call.message.etag.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = SubmitRateProductRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.SubmitRateProduct", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.rate_product(&id, None).await
    }

    async fn activate_rate_product(
        &self,
        request: Request<ActivateRateProductRequest>,
    ) -> Result<Response<RateProduct>, Status> {
        let call = Call::of(request)?;
        let id = after(COLLECTION, &call.message.name);
        let command = ActivateRateProduct {
            means: self.service.means.clone(),
            id: id.clone(),
            etag: call.message.etag.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ActivateRateProductRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ActivateRateProduct", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.rate_product(&id, None).await
    }
}

impl Api {
    async fn rate_product(&self, id: &str, version: Option<i64>) -> Result<Response<RateProduct>, Status> {
        match queries::rates::product(&self.service.db, id, version).await.map_err(fault)? {
            Some(product) => Ok(Response::new(to_rate_product(&product))),
            None => Err(refused(Refusal::NotFound(format!("{COLLECTION}{id}")))),
        }
    }
}
